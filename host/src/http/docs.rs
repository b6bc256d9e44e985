//! `/problems`: a page for each code, which `type` of a problem points to.

use axum::response::Html;

use crate::problem::{CODES, Code, Explained, Problem};

use super::body::Path;

/// Every code
#[utoipa::path(get, path = "/problems", tag = "operate", responses((status = 200, content_type = "text/html")))]
pub(super) async fn problems() -> Html<String> {
    page("Problems", CODES.iter().map(|code| code.explained()))
}

/// One code
#[utoipa::path(get, path = "/problems/{code}", tag = "operate", params(("code" = String, Path)),
    responses((status = 200, content_type = "text/html"), (status = 404)))]
pub(super) async fn problem(Path(code): Path<String>) -> Result<Html<String>, Problem> {
    let explained = Code::named(&code).map(Code::explained);
    explained
        .map(|explained| page(explained.title, [explained]))
        .ok_or_else(|| {
            Problem::new(
                Code::NOT_FOUND,
                "there is no such problem code; GET /problems lists those there are",
            )
        })
}

/// Puts the texts in as they are: they are ours, and a test keeps markup out of them.
fn page(title: &str, codes: impl IntoIterator<Item = &'static Explained>) -> Html<String> {
    let mut html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>{title} · Lensmount</title><h1>{title}</h1><dl>"
    );
    for Explained {
        code,
        status,
        title,
        meaning,
    } in codes
    {
        html.push_str(&format!(
            "<dt id={code}><code>{code}</code> ({status}) {title}</dt><dd>{meaning}</dd>"
        ));
    }
    html.push_str("</dl><p><a href=/problems>All problems</a> · <a href=/docs>API</a></p></html>");
    Html(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_holds_markup() {
        for code in CODES {
            let Explained { title, meaning, .. } = code.explained();
            assert!(
                !format!("{title}{meaning}").contains(['<', '>', '&']),
                "{meaning}"
            );
        }
    }
}

//! Finding a tile that is known from before. Tiles of LookML dashboards may come back from a deploy
//! with other ids.

use super::tile;
use super::wire::Element;

/// The tile that a source names. Tiles of LookML dashboards may come back from a deploy with other
/// ids; they are known by what LookML calls them, and last by their title.
pub(super) fn find<'a>(elements: &'a [Element], tile_id: &str) -> Option<&'a Element> {
    let mut elements = elements
        .iter()
        .filter(|element| element.deleted != Some(true));
    if let Some(element) = elements.clone().find(|element| element.id.0 == tile_id) {
        return Some(element);
    }
    let (_, called) = tile_id.rsplit_once("::")?;
    let named = |text: &Option<String>| text.as_deref().is_some_and(|text| text == called);
    elements
        .clone()
        .find(|element| named(&element.lookml_link_id))
        .or_else(|| {
            let first = elements.find(|element| named(&element.title))?;
            // A title that two tiles have says nothing.
            elements
                .all(|element| !named(&element.title))
                .then_some(first)
        })
}

/// The tile that was known by another id: by what LookML calls it, else by its title. What two
/// tiles have in common says nothing.
pub(super) fn find_again<'a>(
    elements: &'a [Element],
    lookml_link_id: Option<&str>,
    title: &str,
) -> Option<&'a Element> {
    let elements = elements
        .iter()
        .filter(|element| element.deleted != Some(true));
    let by_link = elements.clone().find(|element| {
        lookml_link_id.is_some() && element.lookml_link_id.as_deref() == lookml_link_id
    });
    by_link.or_else(|| {
        let mut named = elements.filter(|element| tile::title(element) == title);
        let first = named.next()?;
        named.next().is_none().then_some(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(json: &str) -> Element {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_tile_in_lookml_is_found_again_when_its_id_has_changed() {
        let elements: Vec<Element> = [
            r#"{"id":"m::d::new","lookml_link_id":"sales","title":"Sales"}"#,
            r#"{"id":"901","title":"orders"}"#,
            r#"{"id":"902","title":"twice"}"#,
            r#"{"id":"903","title":"twice"}"#,
            r#"{"id":"904","title":"gone","deleted":true}"#,
        ]
        .into_iter()
        .map(element)
        .collect();
        let cases = [
            ("901", Some("901")),
            ("m::d::new", Some("m::d::new")),
            ("m::d::sales", Some("m::d::new")),
            ("m::d::orders", Some("901")),
            ("m::d::twice", None),
            ("m::d::gone", None),
            ("904", None),
            ("orders", None),
        ];
        for (tile_id, expected) in cases {
            let found = find(&elements, tile_id).map(|element| element.id.0.as_str());
            assert_eq!(found, expected, "{tile_id}");
        }
    }

    #[test]
    fn a_tile_with_another_id_is_known_by_its_link_or_by_a_title_of_its_own() {
        let elements: Vec<Element> = [
            r#"{"id":"1","lookml_link_id":"sales","title":"Sales"}"#,
            r#"{"id":"2","lookml_link_id":"b","title":"twice"}"#,
            r#"{"id":"3","title":"twice"}"#,
        ]
        .into_iter()
        .map(element)
        .collect();
        let cases = [
            (Some("sales"), "renamed", Some("1")),
            (Some("gone"), "Sales", Some("1")),
            (None, "Sales", Some("1")),
            (Some("b"), "twice", Some("2")),
            (None, "twice", None),
            (None, "gone", None),
        ];
        for (link, title, expected) in cases {
            let found = find_again(&elements, link, title).map(|element| element.id.0.as_str());
            assert_eq!(found, expected, "{link:?} {title}");
        }
    }
}

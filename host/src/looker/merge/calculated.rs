//! What Looker computes over a joined result, and we cannot.

use serde_json::value::RawValue;

use crate::looker::error::LookerError;
use crate::looker::wire::DynamicField;

/// The names of the table calculations and custom fields in `dynamic_fields`, which is a list or a
/// text that holds one. What is switched off is not computed.
pub(super) fn calculated(dynamic_fields: Option<&RawValue>) -> Result<Vec<String>, LookerError> {
    let Some(text) = dynamic_fields.map(RawValue::get) else {
        return Ok(Vec::new());
    };
    let malformed = || LookerError::malformed("the merge's `dynamic_fields`");
    let inner: Option<String> = if text.starts_with('"') {
        serde_json::from_str(text).map_err(malformed())?
    } else {
        None
    };
    let text = inner.as_deref().unwrap_or(text).trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let fields: Option<Vec<DynamicField>> = serde_json::from_str(text).map_err(malformed())?;
    let computed = fields.unwrap_or_default().into_iter();
    let computed = computed.filter(|field| field.is_disabled != Some(true));
    Ok(computed.map(name).collect())
}

fn name(field: DynamicField) -> String {
    let told = |text: Option<String>| text.filter(|text| !text.is_empty());
    let names = [
        field.label,
        field.table_calculation,
        field.measure,
        field.dimension,
    ];
    let name = names.into_iter().find_map(told);
    name.unwrap_or_else(|| "a field without a name".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_computed_is_named_and_what_is_switched_off_is_not() {
        let cases: [(&str, &[&str]); 8] = [
            ("null", &[]),
            (r#""""#, &[]),
            (r#""[]""#, &[]),
            (r#""null""#, &[]),
            (r#"[{"table_calculation":"a","label":"A"}]"#, &["A"]),
            (r#""[{\"table_calculation\":\"a\"}]""#, &["a"]),
            (
                r#"[{"measure":"m","label":""},{"dimension":"d"},{}]"#,
                &["m", "d", "a field without a name"],
            ),
            (
                r#"[{"table_calculation":"a","is_disabled":true},{"table_calculation":"b"}]"#,
                &["b"],
            ),
        ];
        for (text, expected) in cases {
            let raw = RawValue::from_string(text.to_owned()).unwrap();
            assert_eq!(calculated(Some(&raw)).unwrap(), expected, "{text}");
        }
        assert!(calculated(None).unwrap().is_empty());
        let raw = RawValue::from_string("7".to_owned()).unwrap();
        assert_eq!(calculated(Some(&raw)).unwrap_err().code(), "malformed");
    }
}

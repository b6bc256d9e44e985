//! The fields of the result that mapping is measured on: people, and what they have ordered.

/// As `json_detail` has them: eight of them.
pub const FIELDS: &str = r#"{"dimensions":[
{"name":"users.id","label":"Users ID","type":"number","tags":["user_id"],"is_numeric":true,"value_format":null},
{"name":"users.email","label":"Users Email","type":"string","tags":["email"]},
{"name":"users.name","label":"Users Name","type":"string","tags":[]},
{"name":"users.city","label":"Users City","type":"string","tags":[]},
{"name":"users.created_date","label":"Users Created Date","type":"date_date","tags":[]}],
"measures":[{"name":"orders.count","label":"Orders Count","type":"count","tags":[]},
{"name":"orders.total","label":"Orders Total","type":"sum","tags":[]},
{"name":"orders.returned","label":"Orders Returned","type":"count","tags":[]}],
"table_calculations":[],"pivots":[]}"#;

//! Random heads and rows, mapped here and by [`oracle`](crate::oracle).

use crate::oracle::{Choices, Mapped, map, says_who};
use crate::support::{convert, run};
use lensmount_sdk::chart::FailureCode;
use lensmount_sdk::events::{Batch, Kind};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Map, Value, json};

/// Names with what JSON escapes and with what the rules look at.
const NAMES: [&str; 9] = [
    "u.id",
    "v.id",
    "u.email",
    "email",
    "x.g",
    "a.\"q\"\\",
    "größe",
    "value",
    "calc",
];
const TAGS: [&str; 6] = [
    "user_id",
    "rudder_anonymous_id",
    "email",
    "rudder_group_id",
    "Email",
    "other",
];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        Just(json!(0)),
        Just(json!(0.0)),
        any::<i32>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        Just(json!(0.25)),
        Just(json!("")),
        "[ -~é\n]{0,12}".prop_map(Value::from),
        Just(json!([0, {"a": null}])),
        Just(json!({"k": ""})),
        Just(json!({"value": 1})),
    ]
}

fn cell() -> impl Strategy<Value = Value> {
    let more = prop::collection::btree_map("links|rendered|zz", value(), 0..3);
    let flat = (value(), more)
        .prop_map(|(value, more)| {
            let mut cell: Map<String, Value> = more.into_iter().collect();
            cell.insert("value".to_owned(), value);
            Value::Object(cell)
        })
        .boxed();
    let inner = prop_oneof![8 => flat.clone(), 1 => Just(Value::Null), 1 => Just(json!({}))];
    let pivoted = prop::collection::btree_map(
        select(vec![
            "2024-01",
            "u.id",
            "a\"b",
            "$$$_row_total_$$$",
            "value",
        ]),
        inner,
        0..4,
    )
    .prop_map(|cells| {
        Value::Object(
            cells
                .into_iter()
                .map(|(key, cell)| (key.to_owned(), cell))
                .collect(),
        )
    });
    prop_oneof![16 => flat, 4 => pivoted, 1 => Just(Value::Null), 1 => Just(json!(5))]
}

#[derive(Clone, Debug)]
struct Made {
    head: Value,
    rows: Vec<Value>,
    choices: Choices,
    shuffle: Vec<Index>,
}

fn made() -> impl Strategy<Value = Made> {
    let tags = prop_oneof![3 => Just(Vec::new()), 2 => subsequence(TAGS.to_vec(), 1..3)];
    let label = prop_oneof![
        Just(Value::Null),
        select(vec!["A", "B", "email", "calc"]).prop_map(Value::from)
    ];
    let list = select(vec![
        "dimensions",
        "measures",
        "filters",
        "parameters",
        "table_calculations",
    ]);
    let field = (list, tags, label.clone(), label, 0..10_u8);
    let fields = (
        Just(NAMES.to_vec()).prop_shuffle(),
        prop::collection::vec(field, 3..NAMES.len()),
    );
    let names = select(vec!["name", "label", "label-short", "column"]);
    let hidden = subsequence(NAMES.to_vec(), 0..3);
    let choices = (any::<bool>(), names, prop::bool::weighted(0.2), hidden).prop_map(
        |(as_they_are, names, require_user_id, hidden)| {
            let hidden = hidden.into_iter().map(str::to_owned).collect();
            Choices {
                as_they_are,
                names,
                require_user_id,
                hidden,
            }
        },
    );
    let head = (fields, any::<bool>()).prop_map(|((names, fields), pivoted)| {
        let mut lists: Map<String, Value> = Map::new();
        lists.insert("dimensions".to_owned(), json!([]));
        for (name, (list, tags, label, short, _)) in names.iter().zip(fields) {
            let field = json!({"name": name, "label": label, "label_short": short, "tags": tags, "sql": "{\"[\\"});
            lists.entry(list).or_insert_with(|| json!([])).as_array_mut().unwrap().push(field);
        }
        if pivoted {
            lists.insert("pivots".to_owned(), json!([{"name": "p"}]));
        }
        json!({"fields": lists, "sql": "select \"]}\""})
    });
    let row = prop::collection::btree_map(select(NAMES.to_vec()), cell(), 0..NAMES.len()).prop_map(
        |cells| {
            Value::Object(
                cells
                    .into_iter()
                    .map(|(key, cell)| (key.to_owned(), cell))
                    .collect(),
            )
        },
    );
    let row = prop_oneof![20 => row, 1 => Just(json!(null)), 1 => Just(json!([1]))];
    (
        head,
        prop::collection::vec(row, 0..6),
        choices,
        prop::collection::vec(any::<Index>(), 16),
    )
        .prop_map(|(head, rows, choices, shuffle)| Made {
            head,
            rows,
            choices,
            shuffle,
        })
}

impl Made {
    /// The rows as text, the cells of each in an order of its own.
    fn text(&self) -> String {
        let row = |row: &Value| {
            let Value::Object(cells) = row else {
                return row.to_string();
            };
            let mut cells: Vec<_> = cells
                .iter()
                .map(|(key, cell)| format!("{} :{cell}", json!(key)))
                .collect();
            for (place, other) in self.shuffle.iter().enumerate().take(cells.len()) {
                let other = other.index(cells.len());
                cells.swap(place, other);
            }
            format!("{{{}}}", cells.join(" , "))
        };
        format!(
            "[{}]",
            self.rows.iter().map(row).collect::<Vec<_>>().join("\n,")
        )
    }

    fn convert(&self, rows: &str) -> Result<Batch, lensmount_sdk::chart::Failure> {
        let Choices {
            as_they_are,
            names,
            require_user_id,
            hidden,
        } = &self.choices;
        let empties = if *as_they_are {
            "as-they-are"
        } else {
            "compatible"
        };
        let require = require_user_id.to_string();
        let mut run = run(
            &self.head.to_string(),
            &[
                ("empty-values", empties),
                ("names", names),
                ("require-user-id", &require),
            ],
        );
        run.query = json!({"vis_config": {"hidden_fields": hidden}})
            .to_string()
            .into_bytes();
        convert(Kind::Identify, &run, rows)
    }
}

proptest! {
    #[test]
    fn every_row_comes_out_as_the_rules_say(made in made()) {
        let batch = match made.convert(&made.text()) {
            Ok(batch) => batch,
            Err(failure) => {
                prop_assert_eq!(failure.code, FailureCode::Unsupported);
                prop_assert!(!says_who(&made.head, &made.choices), "{}", failure.message);
                return Ok(());
            }
        };
        prop_assert!(says_who(&made.head, &made.choices));
        let mut events = batch.events.iter().peekable();
        let mut rejected = batch.rejected.iter().peekable();
        for (number, row) in (0..).zip(&made.rows) {
            let seen = events.next_if(|event| event.row == number).map(|event| Mapped {
                user: event.user_id.clone(),
                anonymous: event.anonymous_id.clone(),
                key: event.identity_key.clone().map(|key| if key.starts_with("{\"") { "{".to_owned() } else { key }),
                group: event.group_id.clone(),
                traits: serde_json::from_slice(&event.traits).unwrap(),
            });
            if seen.is_none() {
                prop_assert!(rejected.next_if(|rejection| rejection.row == number).is_some(), "row {} is gone", number);
            }
            prop_assert_eq!(seen, map(&made.head, row, &made.choices));
        }
        prop_assert!(events.next().is_none() && rejected.next().is_none());
    }

    #[test]
    fn a_part_of_the_rows_is_none_of_them(made in made(), cut: Index) {
        let text = made.text();
        let mut cut = cut.index(text.len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        if made.convert("[]").is_ok() {
            prop_assert_eq!(made.convert(&text[..cut]).unwrap_err().code, FailureCode::Malformed);
        }
    }
}

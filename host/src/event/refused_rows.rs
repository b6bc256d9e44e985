//! Which rows refused messages are of. Their ids are derived from that, and the other way round there
//! is only a search.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::message::id;

/// Of the events of a row so many are looked at.
const EVENTS: u32 = 4;

/// The row's number of each message, the first being 1; none for what is not found.
pub(super) fn rows_of(run: Uuid, rows: u64, messages: &[Box<RawValue>]) -> Vec<Option<u64>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Message {
        message_id: String,
    }
    let wanted: Vec<Option<Uuid>> = messages
        .iter()
        .map(|message| serde_json::from_str::<Message>(message.get()).ok())
        .map(|message| Uuid::try_parse(&message?.message_id).ok())
        .collect();
    let mut found = vec![None; wanted.len()];
    let mut left = wanted.iter().flatten().count();
    let mut name = String::new();
    let of = (0..rows).flat_map(|row| (0..EVENTS).map(move |n| (row, n)));
    for (row, n) in of {
        if left == 0 {
            break;
        }
        let id = id(&run, row, n, &mut name);
        for place in 0..wanted.len() {
            if wanted[place] == Some(id) && found[place].is_none() {
                found[place] = Some(row + 1);
                left -= 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;

    #[test]
    fn a_message_is_traced_to_its_row() {
        let run = Uuid::now_v7();
        let message = |id: &str| to_raw_value(&json!({"messageId": id, "userId": "u"})).unwrap();
        let of = |row, n| message(&id(&run, row, n, &mut String::new()).to_string());
        let others = [message("no id"), message(&Uuid::now_v7().to_string())];
        let [no_id, not_ours] = others;
        let messages = [
            of(0, 0),
            of(999, 3),
            no_id,
            of(41, 1),
            not_ours,
            of(5_000, 0),
        ];
        let rows = rows_of(run, 1_000, &messages);
        assert_eq!(rows, [Some(1), Some(1_000), None, Some(42), None, None]);
    }
}

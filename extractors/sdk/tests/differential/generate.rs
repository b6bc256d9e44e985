//! Documents: results as Looker sends them, written in every way that JSON allows, and results that
//! something happened to.

use super::pick::Pick;

/// Every second document is spoilt.
pub fn is_spoilt(number: u64) -> bool {
    number % 2 == 1
}

/// The document of a number.
pub fn document(number: u64) -> Vec<u8> {
    // The two of a pair have nothing in common but that one of them is spoilt.
    let mut pick = Pick::new(number);
    let mut writer = Writer {
        blanks: pick.of(&["", "", " ", "\n  ", "\r\n\t", "\n                    "]),
        pick,
        out: String::new(),
    };
    writer.result();
    let Writer { mut pick, out, .. } = writer;
    let mut document = out.into_bytes();
    if is_spoilt(number) {
        for _ in 0..=pick.below(2) {
            spoil(&mut document, &mut pick);
        }
    }
    document
}

/// What happens to documents on their way: bytes change, vanish, come twice, or come from elsewhere.
fn spoil(document: &mut Vec<u8>, pick: &mut Pick) {
    const STRANGE: &[u8] = b"\"\\{}[]:,\x00\x1f\x80\xff 0-e.ntf/u";
    if document.is_empty() {
        return;
    }
    let at = pick.below(document.len());
    let length = pick.below(12).min(document.len() - at);
    match pick.below(6) {
        0 => document[at] = STRANGE[pick.below(STRANGE.len())],
        1 => document.insert(at, STRANGE[pick.below(STRANGE.len())]),
        2 => drop(document.remove(at)),
        3 => drop(document.drain(at..at + length)),
        4 => {
            let part = document[at..at + length].to_vec();
            let to = pick.below(document.len());
            document.splice(to..to, part);
        }
        _ => document.truncate(at),
    }
}

const NAMES: &[&str] = &[
    "o.month", "o.count", "o.co", "o.count_", "value", "rendered", "ö.zahl", "a\\\"b", "",
];
const KEYS: &[&str] = &[
    "EU|FIELD|0",
    "value",
    "rendered",
    "$$$_row_total_$$$",
    "\\u00e4",
    "x",
];

/// The members that cells have.
const KINDS: &[&[&str]] = &[
    &["value"],
    &["value"],
    &["value", "rendered"],
    &["value", "links"],
    &["links", "value", "html"],
    &["value", "rendered", "links", "value"],
    &["rendered", "value"],
];

struct Writer {
    pick: Pick,
    out: String,
    /// What stands between parts, mostly.
    blanks: &'static str,
}

impl Writer {
    fn result(&mut self) {
        let mut names: Vec<&str> = Vec::new();
        for name in NAMES {
            if self.pick.once_in(3) {
                names.push(name);
            }
        }
        let split = self.pick.below(names.len() + 1);
        let pivoted = self.pick.once_in(3);
        let (dimensions, measures) = names.split_at(split);
        let mut parts = vec![Part::Fields, Part::Data];
        for part in [
            Part::Beside,
            Part::Pivots,
            Part::Beside,
            Part::Data,
            Part::Fields,
            Part::Null,
        ] {
            let times = if matches!(part, Part::Beside | Part::Pivots) {
                2
            } else {
                24
            };
            if self.pick.once_in(times) {
                let at = self.pick.below(parts.len() + 1);
                parts.insert(at, part);
            }
        }
        self.blank();
        self.between('{', '}', parts.len(), |writer, at| match parts[at] {
            Part::Fields => {
                writer.key("fields");
                writer.fields(dimensions, measures, pivoted);
            }
            Part::Data => {
                writer.key("data");
                writer.rows(dimensions, measures, pivoted);
            }
            Part::Pivots => {
                writer.key("pivots");
                writer.between('[', ']', 2, |writer, at| {
                    writer.between('{', '}', 1, |writer, _| {
                        writer.key("key");
                        writer.text(KEYS[at]);
                    });
                });
            }
            Part::Beside => {
                let key = writer
                    .pick
                    .of(&["sql", "links", "timezone", "o.count", "truncated"]);
                writer.key(key);
                writer.anything(3);
            }
            Part::Null => {
                let key = writer.pick.of(&["data", "fields", "pivots"]);
                writer.key(key);
                writer.out.push_str("null");
            }
        });
        self.blank();
    }

    fn fields(&mut self, dimensions: &[&str], measures: &[&str], pivoted: bool) {
        let pivots: &[&str] = if pivoted { &["the pivot"] } else { &[] };
        let lists = [
            ("dimensions", dimensions),
            ("measures", measures),
            ("pivots", pivots),
        ];
        self.between('{', '}', lists.len(), |writer, at| {
            let (list, names) = lists[at];
            writer.key(list);
            writer.between('[', ']', names.len(), |writer, at| {
                let before = writer.pick.below(3);
                writer.between('{', '}', before + 1, |writer, member| {
                    if member == before {
                        writer.key("name");
                        return writer.text(names[at]);
                    }
                    let key = writer.pick.of(&["label", "type", "tags", "is_numeric"]);
                    writer.key(key);
                    writer.anything(1);
                });
            });
        });
    }

    fn rows(&mut self, dimensions: &[&str], measures: &[&str], pivoted: bool) {
        // In every second document the rows are alike, as Looker's are, or nearly so.
        let alike = self.pick.once_in(2);
        let rows = self.pick.below(if alike { 12 } else { 5 });
        let kinds: Vec<usize> = (0..NAMES.len())
            .map(|_| self.pick.below(KINDS.len()))
            .collect();
        // In some there are many, most of them as long as the first.
        let twins = self.pick.once_in(8);
        let rows = if twins { 20 + self.pick.below(8) } else { rows };
        let mut first: Option<String> = None;
        self.between('[', ']', rows, |writer, at| {
            if let Some(first) = &first
                && !writer.pick.once_in(12)
            {
                return writer.twin(first);
            }
            if writer.pick.once_in(60) {
                return writer.anything(1);
            }
            let begins = writer.out.len();
            let mut cells: Vec<(&str, bool)> = Vec::new();
            for (names, in_pivots) in [(dimensions, false), (measures, pivoted)] {
                cells.extend(names.iter().map(|name| (*name, in_pivots)));
            }
            match writer.pick.below(if alike { 36 } else { 12 }) {
                0 => cells.reverse(),
                1 => cells.extend_from_within(..),
                2 => drop(cells.pop()),
                3 => cells.insert(0, ("o.hidden", false)),
                _ => {}
            }
            writer.between('{', '}', cells.len(), |writer, at| {
                let (name, in_pivots) = cells[at];
                let kind = if alike && !writer.pick.once_in(12) {
                    kinds[at % kinds.len()]
                } else {
                    writer.pick.below(KINDS.len())
                };
                writer.key(name);
                if in_pivots && !writer.pick.once_in(8) {
                    let keys = writer.pick.below(KEYS.len());
                    writer.between('{', '}', keys, |writer, at| {
                        writer.key(KEYS[at]);
                        writer.cell(kind);
                    });
                } else {
                    writer.cell(kind);
                }
            });
            if twins && at == 0 {
                first = Some(writer.out[begins..].to_owned());
            }
        });
    }

    /// A row that differs from another in a few letters and digits.
    fn twin(&mut self, row: &str) {
        let mut bytes = row.as_bytes().to_vec();
        for _ in 0..self.pick.below(5) {
            let at = self.pick.below(bytes.len());
            bytes[at] = match bytes[at] {
                b'0'..=b'9' => b"0123456789"[self.pick.below(10)],
                b'a'..=b'z' if self.pick.once_in(2) => b"aefnrtuz"[self.pick.below(8)],
                b' '..=b'~' if self.pick.once_in(24) => b"\"\\{}[]:,0-e."[self.pick.below(12)],
                byte => byte,
            };
        }
        self.out
            .push_str(std::str::from_utf8(&bytes).unwrap_or(row));
    }

    fn cell(&mut self, kind: usize) {
        if self.pick.once_in(80) {
            return self.anything(1);
        }
        let members = KINDS[kind];
        self.between('{', '}', members.len(), |writer, at| {
            writer.key(members[at]);
            match members[at] {
                "value" => writer.scalar(),
                _ => writer.anything(2),
            }
        });
    }

    fn anything(&mut self, depth: usize) {
        let members = self.pick.below(4);
        match self.pick.below(4) {
            0 if depth > 0 => {
                self.between('[', ']', members, |writer, _| writer.anything(depth - 1))
            }
            1 if depth > 0 => self.between('{', '}', members, |writer, _| {
                let key = writer.pick.of(&["value", "label", "url", "k"]);
                writer.key(key);
                writer.anything(depth - 1);
            }),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) {
        let scalar = self.pick.of(&[
            "null",
            "true",
            "false",
            "0",
            "0.5",
            "1",
            "12",
            "1e1",
            "-1",
            "-1.50",
            "9007199254740993",
            "1e999",
            "12.5E-3",
            "",
        ]);
        if !scalar.is_empty() {
            return self.out.push_str(scalar);
        }
        let piece = self.pick.of(&[
            "2026-11",
            "a\\\"}{",
            "[]",
            "\\\\",
            "\\/explore\\/x?f[a]=",
            "ä😀",
            "\\ud83d\\ude00",
            " ",
            "\\u0041",
        ]);
        let times = self.pick.of(&[&1_usize, &1, &2, &9, &17]);
        let text = piece.repeat(*times);
        self.text(&text);
    }

    /// A text whose escapes are written already.
    fn text(&mut self, text: &str) {
        self.out.push('"');
        self.out.push_str(text);
        self.out.push('"');
    }

    /// A key, now and then with a letter as an escape, and its colon.
    fn key(&mut self, key: &str) {
        match key.chars().next() {
            Some(first) if first != '\\' && self.pick.once_in(40) => {
                let rest = &key[first.len_utf8()..];
                let escaped = format!("\\u{:04x}{rest}", u32::from(first));
                self.text(&escaped);
            }
            _ => self.text(key),
        }
        if self.pick.once_in(50) {
            self.out.push(' ');
        }
        self.out.push(':');
        if !self.blanks.is_empty() {
            self.out.push(' ');
        }
    }

    fn blank(&mut self) {
        self.out.push_str(self.blanks);
    }

    fn between(
        &mut self,
        open: char,
        close: char,
        count: usize,
        mut each: impl FnMut(&mut Self, usize),
    ) {
        self.out.push(open);
        for at in 0..count {
            if at > 0 {
                self.out.push(',');
            }
            self.blank();
            each(self, at);
        }
        if count > 0 {
            self.blank();
        }
        self.out.push(close);
    }
}

#[derive(Clone, Copy)]
enum Part {
    Fields,
    Data,
    Pivots,
    Beside,
    Null,
}

//! Looker's number formats, as far as their percent signs go.
//!
//! A format is one to four sections with `;` between them. In a section `\` and quotes make what
//! follows literal, `_` and `*` take the next character for a space or a filling, and square
//! brackets hold colours and conditions. A `%` that none of these covers is bare: a number shown by
//! such a section is shown times 100.

/// What a format does to the number it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percent {
    /// It has no percent sign.
    None,
    /// A bare sign: shown times 100.
    Scaled,
    /// A sign that is only written: the number is a percentage already.
    Written,
    /// Its sections disagree, or one scales more than once.
    Unclear,
}

/// What a format, e.g. `#,##0.0%`, does.
pub fn percent(format: &str) -> Percent {
    let mut outcome = None;
    for section in sections(format) {
        match (section.percent(), outcome) {
            (None, _) => {}
            (Some(percent), None) => outcome = Some(percent),
            (Some(percent), Some(before)) if percent == before => {}
            (Some(_), Some(_)) => return Percent::Unclear,
        }
    }
    outcome.unwrap_or(Percent::None)
}

#[derive(Default)]
struct Section {
    bare: usize,
    written: usize,
    /// Whether it shows the number at all: a section may be just a word or a dash.
    shows_number: bool,
}

impl Section {
    fn percent(&self) -> Option<Percent> {
        match (self.bare, self.written) {
            (0, 0) if !self.shows_number => None,
            (0, 0) => Some(Percent::None),
            (0, _) => Some(Percent::Written),
            (1, _) => Some(Percent::Scaled),
            _ => Some(Percent::Unclear),
        }
    }
}

fn sections(format: &str) -> Vec<Section> {
    let mut sections = vec![];
    let mut section = Section::default();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => section.written += usize::from(chars.next() == Some('%')),
            '_' | '*' => {
                chars.next();
            }
            '"' => {
                let quoted = chars.by_ref().take_while(|c| *c != '"');
                section.written += quoted.filter(|c| *c == '%').count();
            }
            '[' => chars.by_ref().take_while(|c| *c != ']').for_each(drop),
            ';' => sections.push(std::mem::take(&mut section)),
            '%' => section.bare += 1,
            '0'..='9' | '#' | '?' | 'G' | 'g' => section.shows_number = true,
            _ => {}
        }
    }
    sections.push(section);
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_bare_signs_from_written_ones() {
        for (format, expected) in [
            ("0.0%", Percent::Scaled),
            ("#,##0.00%", Percent::Scaled),
            ("0%;-0%", Percent::Scaled),
            ("0.0%;(0.0%);\"-\"", Percent::Scaled),
            ("[Red]0%;[>1]0%", Percent::Scaled),
            (r"0.0\%", Percent::Written),
            ("0.0\"%\"", Percent::Written),
            ("0.0\" % of all\"", Percent::Written),
            ("$#,##0.00", Percent::None),
            ("", Percent::None),
            ("0.0_%", Percent::None),
            ("0.0\\\\%", Percent::Scaled),
            ("0%%", Percent::Unclear),
            ("0%;0", Percent::Unclear),
            (r"0%;0\%", Percent::Unclear),
            (r"0\%;0", Percent::Unclear),
            ("\"a;b\"0%", Percent::Scaled),
            ("0.0\"unclosed %", Percent::Written),
        ] {
            assert_eq!(percent(format), expected, "{format}");
        }
    }
}

//! Lines of configuration.

use std::fmt;

/// A configuration being written: lines, and comments in the vendor's mark.
pub(super) struct Text {
    out: String,
    comment_mark: &'static str,
}

impl Text {
    pub(super) fn new(comment_mark: &'static str) -> Self {
        Self {
            out: String::with_capacity(2048),
            comment_mark,
        }
    }

    /// One line. Control characters become blanks: no value can end it early.
    pub(super) fn line(&mut self, line: fmt::Arguments<'_>) {
        let line = line.to_string();
        self.out
            .extend(line.chars().map(|c| if is_break(c) { ' ' } else { c }));
        self.out.push('\n');
    }

    /// One comment line at the left margin.
    pub(super) fn comment(&mut self, comment: fmt::Arguments<'_>) {
        let mark = self.comment_mark;
        self.line(format_args!("{mark} {comment}"));
    }

    /// A bare comment mark: a visible gap that every parser accepts.
    pub(super) fn gap(&mut self) {
        let mark = self.comment_mark;
        self.line(format_args!("{mark}"));
    }

    /// A line that is active or, when `active` is false, commented out.
    pub(super) fn line_if(&mut self, active: bool, line: fmt::Arguments<'_>) {
        if active {
            self.line(line);
        } else {
            self.comment(line);
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// Characters that some reader takes for the end of a line.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// `line!(text, "neighbor {}", address)`.
macro_rules! line {
    ($text:expr, $($arguments:tt)*) => { $text.line(format_args!($($arguments)*)) };
}

/// `comment!(text, "edit {}", this)`.
macro_rules! comment {
    ($text:expr, $($arguments:tt)*) => { $text.comment(format_args!($($arguments)*)) };
}

pub(super) use {comment, line};

/// `text` in double quotes, with a backslash before each of `escaped`.
pub(super) fn quoted(text: &str, escaped: &[char]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if escaped.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

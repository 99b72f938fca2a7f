//! Text in a given width: wrapped, shrunk, or cut.

use super::font::{Face, encode};

/// Mark of a cut, in Windows-1252.
const ELLIPSIS: u8 = 0x85;

/// Encoded lines of at most `width` points. A word wider than a line is
/// broken; text beyond `most` lines is cut and ends in an ellipsis.
pub(super) fn lines(text: &str, face: Face, size: f32, width: f32, most: usize) -> Vec<Vec<u8>> {
    let encoded = encode(text);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut line: Vec<u8> = Vec::new();
    let words = encoded
        .split(|byte| *byte == b' ')
        .filter(|w| !w.is_empty());
    for word in words {
        if lines.len() > most {
            break;
        }
        let mut longer = line.clone();
        if !longer.is_empty() {
            longer.push(b' ');
        }
        longer.extend_from_slice(word);
        if face.width(&longer, size) <= width {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut parts = pieces(word, face, size, width);
        line = parts.pop().unwrap_or_default();
        lines.append(&mut parts);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            let kept = std::mem::take(last);
            *last = cut(kept, face, size, width);
        }
    }
    lines
}

/// `word` in parts that each fit; at least one character a part.
fn pieces(word: &[u8], face: Face, size: f32, width: f32) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    let mut used = 0.0;
    for byte in word {
        let advance = face.width(&[*byte], size);
        if used > 0.0 && used + advance > width {
            parts.push(Vec::new());
            used = 0.0;
        }
        used += advance;
        if let Some(part) = parts.last_mut() {
            part.push(*byte);
        }
    }
    parts
}

/// One line: the size shrinks from `size` to `smallest` until the text fits,
/// then the text is cut.
pub(super) fn fit(text: &str, face: Face, size: f32, smallest: f32, width: f32) -> (Vec<u8>, f32) {
    let encoded = encode(text);
    let full = face.width(&encoded, size);
    if full <= width {
        return (encoded, size);
    }
    let shrunk = (size * width / full).max(smallest);
    if face.width(&encoded, shrunk) <= width {
        return (encoded, shrunk);
    }
    (cut(encoded, face, shrunk, width), shrunk)
}

/// Drops characters until the rest and an ellipsis fit.
fn cut(mut encoded: Vec<u8>, face: Face, size: f32, width: f32) -> Vec<u8> {
    let dots = face.width(&[ELLIPSIS], size);
    while !encoded.is_empty() && face.width(&encoded, size) + dots > width {
        encoded.pop();
    }
    encoded.push(ELLIPSIS);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_move_to_the_next_line_and_long_words_break() {
        let wrapped = lines("one two threeeeeeeeeeeeeeee", Face::Regular, 10.0, 40.0, 9);
        let text: Vec<String> = wrapped
            .iter()
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        assert_eq!(text, ["one two", "threeeee", "eeeeeee", "eeee"]);
    }

    #[test]
    fn more_lines_than_allowed_end_in_an_ellipsis() {
        let wrapped = lines("aa bb cc dd ee", Face::Regular, 10.0, 12.0, 2);
        assert_eq!(wrapped.len(), 2);
        assert_eq!(wrapped[1].last(), Some(&ELLIPSIS));
    }

    #[test]
    fn a_line_shrinks_before_it_is_cut() {
        let (same, size) = fit("short", Face::Bold, 10.0, 6.0, 100.0);
        assert_eq!((same.as_slice(), size), (b"short".as_slice(), 10.0));
        let (whole, size) = fit("rather longer text", Face::Bold, 10.0, 6.0, 70.0);
        assert_eq!(whole, b"rather longer text");
        assert!((6.0..10.0).contains(&size));
        let (part, size) = fit(&"w".repeat(200), Face::Bold, 10.0, 6.0, 70.0);
        assert_eq!((part.last(), size), (Some(&ELLIPSIS), 6.0));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked(text in any::<String>(), width in 20.0_f32..300.0) {
            for line in lines(&text, Face::Bold, 11.0, width, 4) {
                prop_assert!(Face::Bold.width(&line, 11.0) <= width + 0.01);
            }
            let (line, size) = fit(&text, Face::Regular, 11.0, 7.0, width);
            prop_assert!(Face::Regular.width(&line, size) <= width + 0.01);
        }
    }
}

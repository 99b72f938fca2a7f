//! Writing answers.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// An XML document in the making. The names of elements are ours; the texts are anybody's.
pub struct Xml {
    writer: Writer<Vec<u8>>,
}

/// A value that is written as the inside of an element.
pub trait ToXml {
    /// Writes the elements below.
    fn write(&self, xml: &mut Xml);
}

impl Xml {
    /// A document with `root` as its only element, in `namespace` when there is one.
    pub fn document(
        root: &str,
        namespace: Option<&str>,
        content: impl FnOnce(&mut Self),
    ) -> Vec<u8> {
        let mut xml = Self {
            writer: Writer::new(Vec::with_capacity(1024)),
        };
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        let mut start = BytesStart::new(root);
        if let Some(namespace) = namespace {
            start.push_attribute(("xmlns", namespace));
        }
        xml.event(Event::Start(start));
        content(&mut xml);
        xml.event(Event::End(BytesEnd::new(root)));
        xml.writer.into_inner()
    }

    /// `<name>...</name>`.
    pub fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name)));
        content(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// `<name>value</name>`.
    pub fn text(&mut self, name: &str, value: impl AsRef<str>) {
        let value = printable(value.as_ref());
        self.element(name, |xml| xml.event(Event::Text(BytesText::new(&value))));
    }

    /// The same, if there is a value.
    pub fn optional(&mut self, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A number.
    pub fn number(&mut self, name: &str, value: impl Into<i64>) {
        self.text(name, value.into().to_string());
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &str, value: bool) {
        self.text(name, if value { "true" } else { "false" });
    }

    /// `<name>` with the inside of `value`.
    pub fn nested(&mut self, name: &str, value: &impl ToXml) {
        self.element(name, |xml| value.write(xml));
    }

    /// `<name><item>...</item>...</name>`, as EC2 writes lists; an empty one is written as well.
    pub fn list<T: ToXml>(&mut self, name: &str, items: &[T]) {
        self.items(name, "item", items);
    }

    /// The same with `member`, as STS and IAM write lists.
    pub fn members<T: ToXml>(&mut self, name: &str, items: &[T]) {
        self.items(name, "member", items);
    }

    /// A list of texts, with `item`.
    pub fn texts(&mut self, name: &str, items: &[String]) {
        self.element(name, |xml| {
            for item in items {
                xml.text("item", item);
            }
        });
    }

    fn items<T: ToXml>(&mut self, name: &str, item_name: &str, items: &[T]) {
        self.element(name, |xml| {
            for item in items {
                xml.nested(item_name, item);
            }
        });
    }

    fn event(&mut self, event: Event<'_>) {
        self.writer
            .write_event(event)
            .expect("writing to memory does not fail");
    }
}

/// XML 1.0 §2.2 has no place for most control characters, not even escaped; a tag's value may have them.
fn printable(text: &str) -> std::borrow::Cow<'_, str> {
    let forbidden = |character: char| matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(forbidden) {
        text.replace(forbidden, "\u{fffd}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_made_printable() {
        let document = Xml::document("A", Some("urn:x"), |xml| {
            xml.text("b", "<&>\"'\u{0}\u{1b}\té");
            xml.optional("c", None::<&str>);
            xml.boolean("d", false);
            xml.number("e", -1);
            xml.texts("f", &[]);
        });
        assert_eq!(
            String::from_utf8(document).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><A xmlns=\"urn:x\"><b>&lt;&amp;&gt;&quot;&apos;\
             \u{fffd}\u{fffd}\té</b><d>false</d><e>-1</e><f></f></A>"
        );
    }
}

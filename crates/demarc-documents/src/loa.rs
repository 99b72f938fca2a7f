//! The letter of authorization and connecting facility assignment (LOA-CFA).
//!
//! With this letter a colocation may patch a customer into a port. It is a
//! PDF of one page a port: a LAG gives one page for each member. Fields and
//! order: spec/documents §1.2.
//!
//! The built-in Helvetica faces keep it at about four kilobytes. They speak
//! Windows-1252, so a character outside it prints as `?`. The text is
//! searchable; the letter is not digitally signed, and fonts are not embedded,
//! so it is not PDF/A.

mod date;
mod draw;
mod font;
mod layout;
mod wrap;

use crate::PortSpeed;
use pdf_writer::{Date, Finish as _, Name, Pdf, Ref, TextStr};
use thiserror::Error;

use date::Moment;
use draw::Sheet;
use font::Face;

/// How long the authority lasts; a fresh letter renews it.
const VALID_DAYS: i64 = 90;

/// Everything the letter says. Empty strings leave their row out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub paper: Paper,
    /// Moment of issue, seconds since 1970-01-01 UTC. The letter ends 90 days
    /// later.
    pub issued_at: i64,
    pub operator: Operator,
    pub requester: Requester,
    /// The provider who may order in the requester's name; empty for none.
    pub provider_name: String,
    pub facility: Facility,
    /// The LAG the ports belong to; empty for a single connection.
    pub lag_id: String,
    /// One page for each.
    pub assignments: Vec<Assignment>,
}

/// Size of the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    #[default]
    A4,
    UsLetter,
}

impl Paper {
    /// Width and height in points.
    const fn size(self) -> (f32, f32) {
        match self {
            Self::A4 => (595.28, 841.89),
            Self::UsLetter => (612.0, 792.0),
        }
    }
}

/// Who issues the letter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Operator {
    /// Legal entity.
    pub name: String,
    pub address: String,
    pub noc_email: String,
    pub noc_phone: String,
    pub signatory_name: String,
    pub signatory_title: String,
}

/// Who may order the cross connect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requester {
    /// Company of the account holder.
    pub company: String,
    /// 12 digits.
    pub account_id: String,
}

/// Where the port is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facility {
    pub name: String,
    pub code: String,
    pub address: String,
    /// Floor, suite, cage or meet-me room.
    pub room: String,
}

/// One port and what leads to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// `dxcon-…`, also the watermark.
    pub connection_id: String,
    pub connection_name: String,
    /// `awsDeviceV2` of the connection.
    pub device: String,
    pub circuit_id: String,
    pub rack: String,
    pub patch_panel: String,
    pub panel_ports: String,
    /// The fibres, such as `Tx 17 / Rx 18`.
    pub strands: String,
    /// `LC` or `SC`.
    pub connector: String,
    pub port_speed: PortSpeed,
    pub mac_sec_capable: bool,
}

/// Why there is no letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LetterError {
    /// A letter assigns at least one port.
    #[error("a letter of authorization needs at least one assignment")]
    NoAssignment,
}

/// The letter as the bytes of a PDF file. Equal letters give equal bytes.
///
/// # Errors
/// [`LetterError::NoAssignment`] when there is no port to assign.
pub fn render(letter: &Letter) -> Result<Vec<u8>, LetterError> {
    if letter.assignments.is_empty() {
        return Err(LetterError::NoAssignment);
    }
    let mut ids = (1..).map(Ref::new);
    let mut next = || ids.next().expect("the range of ids has no end");
    let (catalog, pages, info) = (next(), next(), next());
    let (regular, bold) = (next(), next());
    let sheets: Vec<(Ref, Ref)> = letter
        .assignments
        .iter()
        .map(|_| (next(), next()))
        .collect();

    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages).lang(TextStr("en"));
    information(&mut pdf, info, letter);
    for (id, face) in [(regular, Face::Regular), (bold, Face::Bold)] {
        let mut font = pdf.type1_font(id);
        font.base_font(Name(face.base_name()));
        font.encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let count = i32::try_from(sheets.len()).unwrap_or(i32::MAX);
    pdf.pages(pages)
        .kids(sheets.iter().map(|(page, _)| *page))
        .count(count);
    let (width, height) = letter.paper.size();
    for (n, (page_id, content_id)) in sheets.iter().enumerate() {
        let mut page = pdf.page(*page_id);
        page.media_box(pdf_writer::Rect::new(0.0, 0.0, width, height));
        page.parent(pages).contents(*content_id);
        let mut resources = page.resources();
        let mut fonts = resources.fonts();
        fonts.pair(Name(Face::Regular.resource_name()), regular);
        fonts.pair(Name(Face::Bold.resource_name()), bold);
        fonts.finish();
        resources.finish();
        page.finish();
        let mut sheet = Sheet::new(width, height);
        layout::page(&mut sheet, letter, n);
        pdf.stream(*content_id, &sheet.finish());
    }
    Ok(pdf.finish())
}

fn information(pdf: &mut Pdf, id: Ref, letter: &Letter) {
    let issued = Moment::from_epoch(letter.issued_at);
    let mut info = pdf.document_info(id);
    info.title(TextStr(&format!("LOA-CFA {}", document_number(letter))));
    info.author(TextStr(&letter.operator.name));
    info.creator(TextStr("Demarc"));
    // A PDF date has four digits of year.
    if let Ok(year) = u16::try_from(issued.year)
        && year <= 9999
    {
        info.creation_date(
            Date::new(year)
                .month(issued.month)
                .day(issued.day)
                .hour(issued.hour)
                .minute(issued.minute)
                .second(issued.second)
                .utc_offset_hour(0)
                .utc_offset_minute(0),
        );
    }
}

/// LAG or connection id and the moment of issue (spec/documents §1.2).
fn document_number(letter: &Letter) -> String {
    let subject = match letter.assignments.first() {
        Some(first) if letter.lag_id.is_empty() => &first.connection_id,
        _ => &letter.lag_id,
    };
    format!(
        "{subject}-{}",
        Moment::from_epoch(letter.issued_at).compact()
    )
}

#[cfg(test)]
mod tests;

//! Where everything stands on the page.

use super::date::Moment;
use super::draw::{ACCENT, INK, MUTED, NAVY, PALE, RULE, Sheet, Style, WATERMARK, WHITE};
use super::font::Face;
use super::wrap;
use super::{Assignment, Letter, VALID_DAYS, document_number};

const MARGIN: f32 = 48.0;
const BAND: f32 = 76.0;
const GUTTER: f32 = 18.0;
/// Line to sign on, above the lower edge.
const SIGNATURE_FROM_FOOT: f32 = 74.0;
/// Smallest size that prints well.
const SMALLEST: f32 = 6.5;

const LABEL: Style = Style::new(Face::Regular, 8.0, MUTED);
const VALUE: Style = Style::new(Face::Regular, 9.5, INK);
const STRONG: Style = Style::new(Face::Bold, 10.5, INK);
const BODY: Style = Style::new(Face::Regular, 11.0, INK);
const SECTION: Style = Style::new(Face::Bold, 10.0, ACCENT);
const SMALL: Style = Style::new(Face::Regular, 8.5, INK);
const FOOT: Style = Style::new(Face::Regular, 7.5, MUTED);

/// Draws page `n` of the letter, counted from 0.
pub(super) fn page(sheet: &mut Sheet, letter: &Letter, n: usize) {
    let assignment = &letter.assignments[n];
    watermark(sheet, &assignment.connection_id);
    head(sheet, letter);
    let end = flow(sheet, letter, assignment);
    signature(sheet, letter, end);
    foot(sheet, letter, n);
}

/// Everything between the band and the signature; returns where it ends.
fn flow(sheet: &mut Sheet, letter: &Letter, assignment: &Assignment) -> f32 {
    let mut y = BAND + 18.0;
    y = dates(sheet, letter, y);
    y = parties(sheet, letter, y);
    y = statement(sheet, letter, assignment, y);
    y = pairs(sheet, "Facility", &facility_rows(letter), y);
    y = pairs(
        sheet,
        "Connecting facility assignment",
        &port_rows(assignment),
        y,
    );
    y = pairs(sheet, "Reference", &reference_rows(letter, assignment), y);
    notes(sheet, letter, assignment, y)
}

fn inner(sheet: &Sheet) -> f32 {
    sheet.width - 2.0 * MARGIN
}

fn watermark(sheet: &mut Sheet, connection_id: &str) {
    let room = sheet.width.hypot(sheet.height) * 0.72;
    let (encoded, size) = wrap::fit(connection_id, Face::Bold, 92.0, 20.0, room);
    sheet.diagonal(&encoded, Style::new(Face::Bold, size, WATERMARK));
}

/// The band with the operator's name and the title of the letter.
fn head(sheet: &mut Sheet, letter: &Letter) {
    let width = inner(sheet);
    sheet.fill(0.0, 0.0, sheet.width, BAND, NAVY);
    sheet.fill(0.0, BAND, sheet.width, 3.0, ACCENT);
    let (name, size) = wrap::fit(&letter.operator.name, Face::Bold, 19.0, 9.0, width);
    sheet.encoded(MARGIN, 36.0, &name, Style::new(Face::Bold, size, WHITE));
    sheet.text(
        MARGIN,
        58.0,
        "Letter of Authorization and Connecting Facility Assignment",
        Style::new(Face::Regular, 11.5, [0.80, 0.88, 0.94]),
    );
}

/// Document number and the two dates, side by side.
fn dates(sheet: &mut Sheet, letter: &Letter, y: f32) -> f32 {
    let issued = Moment::from_epoch(letter.issued_at);
    let expires = Moment::days_after(letter.issued_at, VALID_DAYS);
    let width = inner(sheet);
    let columns = [
        ("Document number", document_number(letter), 0.0, 0.46),
        ("Issued (UTC)", issued.long_date(), 0.50, 0.24),
        ("Valid until", expires.long_date(), 0.76, 0.24),
    ];
    for (label, value, from, share) in columns {
        let x = MARGIN + width * from;
        sheet.text(x, y + 9.0, label, LABEL);
        one_line(sheet, x, y + 22.0, &value, STRONG, width * share);
    }
    sheet.rule(MARGIN, y + 31.0, width, RULE);
    y + 42.0
}

fn one_line(sheet: &mut Sheet, x: f32, y: f32, text: &str, style: Style, width: f32) {
    let (encoded, size) = wrap::fit(text, style.face, style.size, SMALLEST, width);
    sheet.encoded(x, y, &encoded, Style { size, ..style });
}

/// Issuer, requester and provider, in as many columns.
fn parties(sheet: &mut Sheet, letter: &Letter, y: f32) -> f32 {
    let operator = &letter.operator;
    let account = if letter.requester.account_id.is_empty() {
        String::new()
    } else {
        format!("Account {}", letter.requester.account_id)
    };
    let contact = [operator.noc_email.as_str(), operator.noc_phone.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    let none = String::new();
    let mut columns = vec![
        ("Issuer", &operator.name, [&operator.address, &contact]),
        ("Requester", &letter.requester.company, [&account, &none]),
    ];
    if !letter.provider_name.is_empty() {
        columns.push(("Service provider", &letter.provider_name, [&none, &none]));
    }
    let count = f32::from(u8::try_from(columns.len()).unwrap_or(u8::MAX));
    let width = (inner(sheet) - GUTTER * (count - 1.0)) / count;
    let mut x = MARGIN;
    let mut lowest = y;
    for (label, name, details) in columns {
        let mut line = y + 10.0;
        sheet.text(x, line, label, LABEL);
        line = paragraph(sheet, x, line + 13.0, name, STRONG, width, 2);
        for detail in details {
            line = paragraph(sheet, x, line, detail, SMALL, width, 2);
        }
        lowest = lowest.max(line);
        x += width + GUTTER;
    }
    lowest + 8.0
}

/// Wrapped text whose first base line is `y`; returns the next base line.
fn paragraph(
    sheet: &mut Sheet,
    x: f32,
    mut y: f32,
    text: &str,
    style: Style,
    width: f32,
    most: usize,
) -> f32 {
    for line in wrap::lines(text, style.face, style.size, width, most) {
        sheet.encoded(x, y, &line, style);
        y += style.size * 1.32;
    }
    y
}

/// The sentence that authorises.
fn statement(sheet: &mut Sheet, letter: &Letter, assignment: &Assignment, y: f32) -> f32 {
    let expires = Moment::days_after(letter.issued_at, VALID_DAYS).long_date();
    let who = if letter.provider_name.is_empty() {
        shorten(&letter.requester.company)
    } else {
        format!(
            "{}, or {} in its name,",
            shorten(&letter.requester.company),
            shorten(&letter.provider_name)
        )
    };
    let text = format!(
        "{} authorizes {who} to order one cross connect at the facility below, to the port assigned \
         below, and authorizes the facility's operator to complete it. The authority covers connection \
         {} only and ends on {expires} unless the cross connect is complete by then. The cost of the \
         cross connect is borne by the requester.",
        shorten(&letter.operator.name),
        shorten(&assignment.connection_id),
    );
    paragraph(sheet, MARGIN, y + 12.0, &text, BODY, inner(sheet), 7) + 1.0
}

/// A name that leaves room for the rest of its sentence.
fn shorten(name: &str) -> String {
    const MOST: usize = 80;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(['\u{2026}']).collect()
}

type Row<'a> = (&'static str, String);

fn row<'a>(label: &'static str, value: &str) -> Row<'a> {
    (label, value.to_owned())
}

fn facility_rows(letter: &Letter) -> Vec<Row<'_>> {
    let facility = &letter.facility;
    vec![
        row("Name", &facility.name),
        row("Location code", &facility.code),
        row("Street address", &facility.address),
        row("Floor, suite or cage", &facility.room),
    ]
}

fn port_rows(assignment: &Assignment) -> Vec<Row<'_>> {
    let speed = assignment.port_speed;
    vec![
        row("Rack", &assignment.rack),
        row("Patch panel", &assignment.patch_panel),
        row("Panel ports", &assignment.panel_ports),
        row("Strands", &assignment.strands),
        row("Connector", &assignment.connector),
        row("Port speed", speed.bandwidth()),
        row("Media", "Single-mode fibre (OS2)"),
        row("Optic", speed.optic()),
    ]
}

fn reference_rows<'a>(letter: &'a Letter, assignment: &'a Assignment) -> Vec<Row<'a>> {
    let mac_sec = if assignment.mac_sec_capable {
        "Capable"
    } else {
        "No"
    };
    vec![
        row("Connection ID", &assignment.connection_id),
        row("Connection name", &assignment.connection_name),
        row("LAG", &letter.lag_id),
        row("Device", &assignment.device),
        row("Circuit ID", &assignment.circuit_id),
        row("MACsec", mac_sec),
    ]
}

/// A titled table of label and value in two columns, striped. Rows without a
/// value are left out.
fn pairs(sheet: &mut Sheet, title: &str, rows: &[Row<'_>], y: f32) -> f32 {
    const HEIGHT: f32 = 18.5;
    const LABEL_WIDTH: f32 = 84.0;
    let rows: Vec<_> = rows.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = inner(sheet);
    let mut y = y + 13.0;
    sheet.text(MARGIN, y + 6.0, title, SECTION);
    y += 12.0;
    sheet.fill(MARGIN, y, width, 1.0, ACCENT);
    y += 1.0;
    let column = (width - GUTTER) / 2.0;
    for (n, line) in rows.chunks(2).enumerate() {
        if n % 2 == 0 {
            sheet.fill(MARGIN, y, width, HEIGHT, PALE);
        }
        let mut x = MARGIN + 6.0;
        for (label, value) in line {
            sheet.text(x, y + 12.5, label, LABEL);
            let room = column - LABEL_WIDTH - 6.0;
            one_line(sheet, x + LABEL_WIDTH, y + 12.5, value, VALUE, room);
            x += column + GUTTER;
        }
        y += HEIGHT;
    }
    y
}

/// What the technician asks on the telephone.
fn notes(sheet: &mut Sheet, letter: &Letter, assignment: &Assignment, y: f32) -> f32 {
    let operator = &letter.operator;
    let call = [operator.noc_phone.as_str(), operator.noc_email.as_str()]
        .into_iter()
        .find(|part| !part.is_empty())
        .unwrap_or("the issuer");
    let range = assignment
        .port_speed
        .receive_power()
        .unwrap_or("within the range of the optic named above");
    let notes = [
        "If there is no light, roll the transmit and receive strands at one end before anything else.".to_owned(),
        "Auto-negotiation is off above 1 Gbps; set the customer port to the speed above, full duplex.".to_owned(),
        format!("Receive power at either end must lie {range}."),
        format!("Questions, completion notices and faults: {call}. Quote the document number."),
    ];
    let mut y = y + 15.0;
    sheet.text(MARGIN, y + 6.0, "Notes", SECTION);
    y += 21.0;
    for note in notes {
        sheet.text(MARGIN + 1.0, y, "\u{2022}", SMALL);
        y = paragraph(
            sheet,
            MARGIN + 11.0,
            y,
            &note,
            SMALL,
            inner(sheet) - 11.0,
            2,
        ) + 1.0;
    }
    y
}

/// Lines to sign on, at the foot or below what precedes.
fn signature(sheet: &mut Sheet, letter: &Letter, y: f32) {
    let base = (sheet.height - SIGNATURE_FROM_FOOT).max(y + 22.0);
    let width = (inner(sheet) - GUTTER) / 2.0;
    let operator = &letter.operator;
    let signatory = [
        operator.signatory_name.as_str(),
        operator.signatory_title.as_str(),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join(", ");
    let signatory = if signatory.is_empty() {
        "Name and title".to_owned()
    } else {
        signatory
    };
    let right = MARGIN + width + GUTTER;
    sheet.rule(MARGIN, base, width, MUTED);
    sheet.rule(right, base, width, MUTED);
    one_line(sheet, MARGIN, base + 11.0, &signatory, SMALL, width);
    let heading = format!("Authorized signature for {}", operator.name);
    one_line(sheet, MARGIN, base + 22.0, &heading, LABEL, width);
    sheet.text(right, base + 11.0, "Date", LABEL);
}

fn foot(sheet: &mut Sheet, letter: &Letter, n: usize) {
    let y = sheet.height - 26.0;
    let right = sheet.width - MARGIN;
    sheet.rule(MARGIN, y - 13.0, inner(sheet), RULE);
    let room = inner(sheet) - 80.0;
    one_line(sheet, MARGIN, y, &document_number(letter), FOOT, room);
    let page = format!("Page {} of {}", n + 1, letter.assignments.len());
    sheet.text_right(right, y, &page, FOOT);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PortSpeed;
    use crate::loa::{Facility, Operator, Paper, Requester};

    #[test]
    fn the_longest_letter_leaves_room_for_the_signature_on_the_shortest_paper() {
        let long = "Wide Words ".repeat(60);
        let assignment = Assignment {
            connection_id: long.clone(),
            connection_name: long.clone(),
            device: long.clone(),
            circuit_id: long.clone(),
            rack: long.clone(),
            patch_panel: long.clone(),
            panel_ports: long.clone(),
            strands: long.clone(),
            connector: long.clone(),
            port_speed: PortSpeed::HundredGbps,
            mac_sec_capable: true,
        };
        let letter = Letter {
            paper: Paper::UsLetter,
            issued_at: 0,
            operator: Operator {
                name: long.clone(),
                address: long.clone(),
                noc_email: long.clone(),
                noc_phone: long.clone(),
                signatory_name: long.clone(),
                signatory_title: long.clone(),
            },
            requester: Requester {
                company: long.clone(),
                account_id: long.clone(),
            },
            provider_name: long.clone(),
            facility: Facility {
                name: long.clone(),
                code: long.clone(),
                address: long.clone(),
                room: long.clone(),
            },
            lag_id: long,
            assignments: vec![assignment.clone()],
        };
        let (width, height) = letter.paper.size();
        let end = flow(&mut Sheet::new(width, height), &letter, &assignment);
        assert!(
            end + 22.0 <= height - SIGNATURE_FROM_FOOT,
            "ends at {end} of {height}"
        );
    }
}

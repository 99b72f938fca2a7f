//! Drawing on one sheet, with y counted down from the top edge in points.

use pdf_writer::{Content, Name, Str};

use super::font::{Face, encode};

/// A colour as red, green and blue from 0 to 1.
pub(super) type Colour = [f32; 3];

pub(super) const INK: Colour = [0.11, 0.13, 0.17];
pub(super) const MUTED: Colour = [0.40, 0.44, 0.51];
pub(super) const NAVY: Colour = [0.07, 0.16, 0.29];
pub(super) const ACCENT: Colour = [0.00, 0.47, 0.62];
pub(super) const PALE: Colour = [0.94, 0.96, 0.975];
pub(super) const RULE: Colour = [0.80, 0.84, 0.88];
pub(super) const WATERMARK: Colour = [0.925, 0.94, 0.955];
pub(super) const WHITE: Colour = [1.0, 1.0, 1.0];

/// How a piece of text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) face: Face,
    pub(super) size: f32,
    pub(super) colour: Colour,
}

impl Style {
    pub(super) const fn new(face: Face, size: f32, colour: Colour) -> Self {
        Self { face, size, colour }
    }

    pub(super) fn width(self, encoded: &[u8]) -> f32 {
        self.face.width(encoded, self.size)
    }
}

/// The content of one page.
pub(super) struct Sheet {
    content: Content,
    pub(super) width: f32,
    pub(super) height: f32,
}

impl Sheet {
    pub(super) fn new(width: f32, height: f32) -> Self {
        Self {
            content: Content::new(),
            width,
            height,
        }
    }

    pub(super) fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        let bottom = self.height - y - height;
        self.colour(colour);
        self.content.rect(x, bottom, width, height).fill_nonzero();
    }

    /// A horizontal hairline.
    pub(super) fn rule(&mut self, x: f32, y: f32, width: f32, colour: Colour) {
        self.fill(x, y, width, 0.6, colour);
    }

    /// Text with its base line at `y`.
    pub(super) fn text(&mut self, x: f32, y: f32, text: &str, style: Style) {
        self.encoded(x, y, &encode(text), style);
    }

    /// Text that ends at `right`.
    pub(super) fn text_right(&mut self, right: f32, y: f32, text: &str, style: Style) {
        let encoded = encode(text);
        self.encoded(right - style.width(&encoded), y, &encoded, style);
    }

    /// Text that is encoded already.
    pub(super) fn encoded(&mut self, x: f32, y: f32, encoded: &[u8], style: Style) {
        self.matrix_text([1.0, 0.0, 0.0, 1.0, x, self.height - y], encoded, style);
    }

    /// Text across the sheet from lower left to upper right, through its
    /// centre, along the diagonal.
    pub(super) fn diagonal(&mut self, encoded: &[u8], style: Style) {
        let (width, height) = (self.width, self.height);
        let diagonal = width.hypot(height);
        let (cos, sin) = (width / diagonal, height / diagonal);
        let back = style.width(encoded) / 2.0;
        // Half the height of the capitals, to sit on the diagonal.
        let down = style.size * 0.35;
        let x = width / 2.0 - back * cos + down * sin;
        let y = height / 2.0 - back * sin - down * cos;
        self.matrix_text([cos, sin, -sin, cos, x, y], encoded, style);
    }

    fn matrix_text(&mut self, matrix: [f32; 6], encoded: &[u8], style: Style) {
        self.colour(style.colour);
        self.content
            .begin_text()
            .set_font(Name(style.face.resource_name()), style.size)
            .set_text_matrix(matrix)
            .show(Str(encoded))
            .end_text();
    }

    fn colour(&mut self, [red, green, blue]: Colour) {
        self.content.set_fill_rgb(red, green, blue);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.content.finish().to_vec()
    }
}

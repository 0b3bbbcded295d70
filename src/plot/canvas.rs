//! The sheet that is drawn on: plotters' SVG backend, in finer units than pixels.
//!
//! The backend knows whole numbers only. One pixel is four units here, so that small steps show and a reader
//! can zoom in. Its fonts are the reader's: nothing is measured, widths of text are estimated generously.

use plotters::prelude::{DrawingBackend, IntoFont, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, ShapeStyle, TextStyle};

use super::ink::{Ink, style_sheet};

/// Units per pixel.
const SCALE: f64 = 4.0;

/// The backend divides sizes by this before it writes them.
const FONT_CORRECTION: f64 = 1.24;

/// Average width of a character, in font sizes; a wide font is assumed.
const CHARACTER_WIDTH: f64 = 0.6;

/// A place in pixels, from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct At {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// How a text lies to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
    /// Upwards, centred.
    Upwards,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) ink: Ink,
    pub(super) align: Align,
}

/// Pixels that `text` takes at most, at `size`.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "texts are short")]
    let characters = text.chars().count() as f64;
    characters * size * CHARACTER_WIDTH
}

/// `text`, cut with an ellipsis where it would take more than `width` pixels.
pub(super) fn fit(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut cut: String = text.to_owned();
    while text_width(&cut, size) + size > width && cut.pop().is_some() {}
    cut.trim_end().to_owned() + "…"
}

/// A sheet, `width` by `height` pixels.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(text: &'a mut String, width: u32, height: u32) -> Self {
        let size = |pixels: u32| units(f64::from(pixels)).unsigned_abs();
        Self { backend: SVGBackend::with_string(text, (size(width), size(height))) }
    }

    /// A line through `places`, `width` pixels wide.
    pub(super) fn line(&mut self, places: impl IntoIterator<Item = At>, ink: Ink, width: f64) {
        let mut path: Vec<(i32, i32)> = places.into_iter().map(coordinates).collect();
        path.dedup();
        if path.len() > 1 {
            // Into a string nothing can fail to be written.
            let _ = self.backend.draw_path(path, &shape(ink, width));
        }
    }

    /// A straight stroke.
    pub(super) fn stroke(&mut self, from: At, to: At, ink: Ink, width: f64) {
        let _ = self.backend.draw_line(coordinates(from), coordinates(to), &shape(ink, width));
    }

    /// A filled rectangle.
    pub(super) fn fill(&mut self, from: At, to: At, ink: Ink) {
        let _ = self.backend.draw_rect(coordinates(from), coordinates(to), &shape(ink, 0.0), true);
    }

    /// A filled shape with these corners.
    pub(super) fn polygon(&mut self, corners: impl IntoIterator<Item = At>, ink: Ink) {
        let _ = self.backend.fill_polygon(corners.into_iter().map(coordinates), &shape(ink, 0.0));
    }

    /// A ring.
    pub(super) fn ring(&mut self, center: At, radius: f64, ink: Ink) {
        let radius = units(radius).unsigned_abs();
        let _ = self.backend.draw_circle(coordinates(center), radius, &shape(ink, 1.2), false);
    }

    /// A line of text, centred on the height of `at`.
    pub(super) fn text(&mut self, text: &str, at: At, how: Type) {
        let style = if how.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = FontDesc::new(FontFamily::SansSerif, how.size * SCALE * FONT_CORRECTION, style);
        let font = match how.align {
            Align::Upwards => font.transform(FontTransform::Rotate270),
            _ => font,
        };
        let anchor = match how.align {
            Align::Left => HPos::Left,
            Align::Right => HPos::Right,
            Align::Center | Align::Upwards => HPos::Center,
        };
        let color = how.ink.color();
        let style = TextStyle::from(font.into_font()).color(&color).pos(Pos::new(anchor, VPos::Center));
        let _ = self.backend.draw_text(&printable(text), &style, coordinates(at));
    }

    /// Ends the drawing.
    pub(super) fn finish(mut self) {
        let _ = self.backend.present();
    }
}

/// Gives what the backend wrote its size in pixels, a title for those who cannot see it, and its style sheet.
pub(super) fn dress(drawn: &str, width: u32, height: u32, title: &str, description: &str) -> String {
    let body = drawn.split_once(">\n").map_or("", |(_, body)| body);
    let size = |pixels: u32| units(f64::from(pixels));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n<style>\n{}</style>\n{}",
        size(width),
        size(height),
        escape(title),
        escape(description),
        style_sheet(),
        body.replace(" opacity=\"1\"", ""),
    )
}

/// `text` as XML and HTML take it.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character => escaped.push(character),
        }
    }
    escaped
}

/// `text` without characters for which XML 1.0 has no place, not even escaped.
fn printable(text: &str) -> String {
    let printable = |character| match character {
        '\t' | '\n' | '\r' => ' ',
        '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        character if character.is_control() => char::REPLACEMENT_CHARACTER,
        character => character,
    };
    text.chars().map(printable).collect()
}

fn shape(ink: Ink, width: f64) -> ShapeStyle {
    ShapeStyle { color: ink.color().to_rgba(), filled: true, stroke_width: units(width).unsigned_abs() }
}

fn coordinates(at: At) -> (i32, i32) {
    (units(at.x), units(at.y))
}

#[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
fn units(pixels: f64) -> i32 {
    (pixels * SCALE).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_holds_does_not_become_markup() {
        assert_eq!(escape("<script>\"a\" & 'b'"), "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;");
        assert_eq!(escape("a\u{1b}[31m\nb"), "a\u{fffd}[31m b");
    }
}

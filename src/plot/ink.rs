//! Colours: the palette of Okabe and Ito, which colour-blind readers can tell apart, on light and on dark.
//!
//! No meaning hangs on colour alone: the edges differ in their dashes too, so that a black and white print
//! can be read.

use std::fmt::Write;

use plotters::style::RGBColor;

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Paper,
    Text,
    Faint,
    Grid,
    Data,
    Again,
    Ack,
    Unscaled,
    Declared,
    Applied,
    Believed,
}

impl Ink {
    const ALL: [Self; 11] = [
        Self::Paper,
        Self::Text,
        Self::Faint,
        Self::Grid,
        Self::Data,
        Self::Again,
        Self::Ack,
        Self::Unscaled,
        Self::Declared,
        Self::Applied,
        Self::Believed,
    ];

    /// On light paper.
    pub(super) fn color(self) -> RGBColor {
        let (red, green, blue) = self.light();
        RGBColor(red, green, blue)
    }

    /// As an attribute of SVG; each ink has its own, by which the style sheet finds it.
    fn attribute(self) -> String {
        let (red, green, blue) = self.light();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }

    fn light(self) -> (u8, u8, u8) {
        match self {
            Self::Paper => (255, 255, 255),
            Self::Text => (34, 34, 34),
            Self::Faint => (96, 96, 96),
            Self::Grid => (222, 222, 222),
            Self::Data => (0, 0, 0),
            Self::Again => (204, 121, 167),
            Self::Ack => (0, 158, 115),
            Self::Unscaled => (213, 94, 0),
            Self::Declared => (0, 114, 178),
            Self::Applied => (86, 180, 233),
            Self::Believed => (230, 159, 0),
        }
    }

    /// On a dark screen, where it must be lighter.
    fn dark(self) -> Option<&'static str> {
        match self {
            Self::Paper => Some("#15181C"),
            Self::Text => Some("#E8E8E8"),
            Self::Faint => Some("#A8A8A8"),
            Self::Grid => Some("#353A40"),
            Self::Data => Some("#FFFFFF"),
            Self::Declared => Some("#4FA8DD"),
            Self::Applied => Some("#A9DDF8"),
            Self::Ack => Some("#1DBF92"),
            Self::Unscaled => Some("#F08030"),
            Self::Again | Self::Believed => None,
        }
    }

    /// Lengths of dashes and gaps, in units of the picture.
    fn dashes(self) -> Option<&'static str> {
        match self {
            Self::Unscaled => Some("28 12"),
            Self::Believed => Some("36 10 8 10"),
            Self::Applied => Some("60 16"),
            _ => None,
        }
    }
}

/// The style sheet of a picture.
pub(super) fn style_sheet() -> String {
    let mut sheet = String::new();
    for ink in Ink::ALL {
        if let Some(dashes) = ink.dashes() {
            let _ = writeln!(sheet, "polyline[stroke=\"{}\"]{{stroke-dasharray:{dashes}}}", ink.attribute());
        }
    }
    sheet.push_str("polyline{stroke-linejoin:round}\n@media (prefers-color-scheme:dark){\n");
    for ink in Ink::ALL {
        let Some(dark) = ink.dark() else { continue };
        let light = ink.attribute();
        let _ = writeln!(sheet, "[stroke=\"{light}\"]{{stroke:{dark}}} [fill=\"{light}\"]{{fill:{dark}}}");
    }
    sheet.push_str("}\n");
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_has_a_colour_of_its_own() {
        let mut colors: Vec<String> = Ink::ALL.iter().map(|ink| ink.attribute()).collect();
        colors.sort_unstable();
        colors.dedup();
        assert_eq!(colors.len(), Ink::ALL.len());
    }
}

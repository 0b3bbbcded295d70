//! The picture that ends the discussion: data against the unscaled and the scaled edge.
//!
//! A flow is judged first; then the capture is read a second time and one direction of the flow is recorded as
//! a [`Series`], thinned as it grows, so that neither memory nor the picture grows with the flow. From a
//! [`Series`] and the flow's report come an SVG ([`svg()`]), a page of pictures ([`html()`]) and a chart of
//! characters ([`chart`]). This stage owns `plotters`; it draws and never judges.

mod annotation;
mod blocks;
mod canvas;
mod detail;
mod edge;
mod html;
mod ink;
mod legend;
mod panel;
mod picture;
mod scale;
mod series;
mod thinning;
mod tracer;
mod words;

pub use blocks::chart;
pub use html::{Page, html};
pub use picture::{notes, svg};
pub use series::{Grant, Located, Point, Series, Stroke};
pub use tracer::Tracer;

//! Changes in words.

use super::changes::{Change, Class, Field};
use super::options::{self, Edit};

impl Class {
    /// The segments in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Syn => "SYN",
            Self::SynAck => "SYN-ACK",
            Self::Later => "later segments",
            Self::Flow => "all segments",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Syn => "SYNs",
            Self::SynAck => "SYN-ACKs",
            Self::Later => "later segments",
            Self::Flow => "all segments",
        }
    }
}

impl Field {
    /// The field in words.
    pub fn name(self) -> String {
        match self {
            Self::Option(kind) => return options::name(kind),
            Self::OptionOrder => "order of the options",
            Self::OptionPadding => "padding of the options",
            Self::Window => "raw window",
            Self::SackBlocks => "SACK blocks",
            Self::PushUrgent => "PSH or URG",
            Self::EcnFlags => "ECE and CWR",
            Self::UrgentPointer => "urgent pointer",
            Self::Checksum => "checksum",
            Self::Ecn => "ECN bits",
            Self::Dscp => "DSCP",
            Self::DontFragment => "Don't Fragment",
            Self::SequenceNumbers => "sequence numbers",
            Self::ClientEndpoint => "client's address",
            Self::ServerEndpoint => "server's address",
            Self::HopLimit => "hop limit",
        }
        .to_owned()
    }
}

impl Edit {
    /// `added`, `removed`, `blanked`, `changed` or `rewritten`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added(_) => "added",
            Self::Removed(_) => "removed",
            Self::Blanked(_) => "blanked",
            Self::Changed(..) => "changed",
            Self::Rewritten => "rewritten",
        }
    }

    /// The numbers before and after, where there are some.
    pub fn numbers(self) -> (Option<u32>, Option<u32>) {
        match self {
            Self::Added(to) => (None, to),
            Self::Removed(from) | Self::Blanked(from) => (from, None),
            Self::Changed(from, to) => (Some(from), Some(to)),
            Self::Rewritten => (None, None),
        }
    }
}

impl Change {
    /// For a table: `window scale 10 -> 0`.
    pub fn brief(&self) -> String {
        let field = self.field.name();
        match self.edit {
            Edit::Changed(from, to) => format!("{field} {from} -> {to}"),
            Edit::Added(Some(number)) => format!("{field} {number} added"),
            Edit::Removed(Some(number)) => format!("{field} {number} removed"),
            Edit::Blanked(Some(number)) => format!("{field} {number} blanked by NOPs"),
            Edit::Blanked(None) => format!("{field} blanked by NOPs"),
            Edit::Rewritten if self.is_translation() => format!("{field} translated"),
            Edit::Rewritten if self.field == Field::Checksum => "checksum or payload damaged".to_owned(),
            Edit::Rewritten if self.field == Field::SackBlocks => "SACK blocks not translated".to_owned(),
            edit => format!("{field} {}", edit.name()),
        }
    }

    /// For a sentence with a box as its subject: `sets the window scale of SYNs from 10 to 0`.
    pub fn clause(&self) -> String {
        let (field, of) = (self.field.name(), self.class.plural());
        let of = match self.class {
            Class::Later => format!("the {}'s later segments", self.from.name()),
            _ => of.to_owned(),
        };
        match (self.field, self.edit) {
            (Field::ClientEndpoint | Field::ServerEndpoint, _) => format!("translates the {field}"),
            (Field::SequenceNumbers, _) => format!("rewrites the {}'s sequence numbers", self.from.name()),
            (Field::SackBlocks, _) => format!("leaves the SACK blocks of {of} untranslated"),
            (Field::Checksum, _) => format!("damages the checksum or the payload of {of}"),
            (Field::OptionOrder, _) => format!("reorders the options of {of}"),
            (Field::Option(options::MAXIMUM_SEGMENT_SIZE), Edit::Changed(from, to)) if to < from => {
                format!("clamps the MSS of {of} from {from} to {to}")
            }
            (_, Edit::Changed(from, to)) => format!("sets the {field} of {of} from {from} to {to}"),
            (_, Edit::Added(number)) => format!("adds {field}{} to {of}", spaced(number)),
            (_, Edit::Removed(number)) => format!("removes {field}{} from {of}", spaced(number)),
            (_, Edit::Blanked(number)) => format!("overwrites {field}{} in {of} with NOPs", spaced(number)),
            (_, Edit::Rewritten) => format!("rewrites the {field} of {of}"),
        }
    }

    /// A property of the whole flow.
    pub(crate) fn is_translation(&self) -> bool {
        self.class == Class::Flow
    }
}

fn spaced(number: Option<u32>) -> String {
    number.map_or_else(String::new, |number| format!(" {number}"))
}

//! A list threaded through slots, by position: moving one to the end costs the same however many there are.

/// What a slot knows about its neighbours.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Links {
    older: Option<usize>,
    newer: Option<usize>,
    linked: bool,
    /// Which of the two lists of the table it is in.
    pub(super) closing: bool,
}

/// Changes the links of the slot at a position.
type Change<'a> = &'a mut dyn FnMut(usize, &mut dyn FnMut(&mut Links));

/// Both ends of the list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Queue {
    oldest: Option<usize>,
    newest: Option<usize>,
}

impl Queue {
    pub(super) fn oldest(&self) -> Option<usize> {
        self.oldest
    }

    /// Appends `at`, which is in no list.
    pub(super) fn push(&mut self, at: usize, closing: bool, change: Change<'_>) {
        let older = self.newest.replace(at);
        match older {
            Some(older) => change(older, &mut |links| links.newer = Some(at)),
            None => self.oldest = Some(at),
        }
        change(at, &mut |links| *links = Links { older, newer: None, linked: true, closing });
    }

    /// Takes `at` out; `links` are its own.
    pub(super) fn remove(&mut self, at: usize, links: Links, change: Change<'_>) {
        if !links.linked {
            return;
        }
        match links.older {
            Some(older) => change(older, &mut |other| other.newer = links.newer),
            None => self.oldest = links.newer,
        }
        match links.newer {
            Some(newer) => change(newer, &mut |other| other.older = links.older),
            None => self.newest = links.older,
        }
        change(at, &mut |own| *own = Links::default());
    }
}

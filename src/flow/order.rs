//! Flows by their latest activity: lists threaded through one array, by how far the flows are closed. Making a flow
//! the most recent one costs the same however many there are.

/// Which of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// More is to come.
    Open,
    /// A RST, or a FIN of each side.
    Closing,
    /// Both FINs are acknowledged.
    Closed,
}

impl List {
    pub(super) const ALL: [Self; 3] = [Self::Open, Self::Closing, Self::Closed];
}

/// No neighbour.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    older: u32,
    newer: u32,
    active_us: i64,
    list: Option<List>,
}

const UNLINKED: Link = Link { older: NONE, newer: NONE, active_us: i64::MIN, list: None };

#[derive(Clone, Copy, Debug)]
struct Ends {
    oldest: u32,
    newest: u32,
    length: usize,
}

const EMPTY: Ends = Ends { oldest: NONE, newest: NONE, length: 0 };

/// All lists; slots are named by their position.
#[derive(Debug)]
pub(super) struct Order {
    links: Vec<Link>,
    ends: [Ends; List::ALL.len()],
}

impl Default for Order {
    fn default() -> Self {
        Self { links: Vec::new(), ends: [EMPTY; List::ALL.len()] }
    }
}

impl Order {
    /// The slot that was silent for longest, and since when.
    pub(super) fn oldest(&self, list: List) -> Option<(usize, i64)> {
        let at = self.ends(list).oldest as usize;
        self.links.get(at).map(|link| (at, link.active_us))
    }

    /// How many slots are in `list`.
    pub(super) fn length(&self, list: List) -> usize {
        self.ends(list).length
    }

    /// Makes `at` the most recent one of `list`. Its time never goes back.
    pub(super) fn touch(&mut self, at: usize, list: List, time_us: i64) {
        if self.links.len() <= at {
            self.links.resize(at + 1, UNLINKED);
        }
        let position = u32::try_from(at).unwrap_or(NONE);
        let newest = self.ends(list).newest;
        let Some(link) = self.links.get_mut(at) else { return };
        link.active_us = link.active_us.max(time_us);
        if link.list == Some(list) && newest == position {
            return;
        }
        let active_us = link.active_us;
        self.remove(at);
        let ends = self.ends_mut(list);
        let older = std::mem::replace(&mut ends.newest, position);
        ends.length += 1;
        if older == NONE {
            ends.oldest = position;
        }
        if let Some(link) = self.links.get_mut(older as usize) {
            link.newer = position;
        }
        if let Some(link) = self.links.get_mut(at) {
            *link = Link { older, newer: NONE, active_us, list: Some(list) };
        }
    }

    fn ends(&self, list: List) -> &Ends {
        let [open, closing, closed] = &self.ends;
        match list {
            List::Open => open,
            List::Closing => closing,
            List::Closed => closed,
        }
    }

    fn ends_mut(&mut self, list: List) -> &mut Ends {
        let [open, closing, closed] = &mut self.ends;
        match list {
            List::Open => open,
            List::Closing => closing,
            List::Closed => closed,
        }
    }

    /// Takes `at` out of its list, if it is in one.
    pub(super) fn remove(&mut self, at: usize) {
        let Some(link) = self.links.get_mut(at) else { return };
        let Link { older, newer, list, .. } = std::mem::replace(link, UNLINKED);
        let Some(list) = list else { return };
        let ends = self.ends_mut(list);
        ends.length -= 1;
        if older == NONE {
            ends.oldest = newer;
        }
        if newer == NONE {
            ends.newest = older;
        }
        if let Some(link) = self.links.get_mut(older as usize) {
            link.newer = newer;
        }
        if let Some(link) = self.links.get_mut(newer as usize) {
            link.older = older;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_silent_for_longest_is_at_the_front() {
        let mut order = Order::default();
        for (at, time_us) in (0..4).zip(0..) {
            order.touch(at, List::Open, time_us);
        }
        order.touch(0, List::Open, 9);
        order.touch(2, List::Closing, 10);
        order.remove(1);
        assert_eq!(order.oldest(List::Open), Some((3, 3)));
        assert_eq!(order.oldest(List::Closing), Some((2, 10)));
        assert_eq!((order.length(List::Open), order.length(List::Closing)), (2, 1));
        order.remove(3);
        order.remove(0);
        assert_eq!(order.oldest(List::Open), None);
    }

    #[test]
    fn time_never_goes_back() {
        let mut order = Order::default();
        order.touch(0, List::Open, 9);
        order.touch(0, List::Open, 3);
        order.touch(0, List::Closing, 4);
        assert_eq!(order.oldest(List::Closing), Some((0, 9)));
    }
}

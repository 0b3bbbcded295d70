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

    /// Where the link is that closes its ring.
    fn ring(self) -> usize {
        self as usize
    }
}

/// A slot between its neighbours. Each list is a ring that a link without a slot closes: behind the newest and
/// before the oldest.
#[derive(Clone, Copy, Debug)]
struct Link {
    older: usize,
    newer: usize,
    active_us: i64,
    list: Option<List>,
}

const UNLINKED: Link = Link { older: usize::MAX, newer: usize::MAX, active_us: i64::MIN, list: None };

/// All lists; slots are named by their position.
#[derive(Debug)]
pub(super) struct Order {
    /// Those that close the rings, then one for each slot.
    links: Vec<Link>,
    lengths: [usize; List::ALL.len()],
}

impl Default for Order {
    fn default() -> Self {
        let closing = List::ALL.map(|list| Link { older: list.ring(), newer: list.ring(), ..UNLINKED });
        Self { links: closing.to_vec(), lengths: [0; List::ALL.len()] }
    }
}

impl Order {
    /// The slot that was silent for longest, and since when.
    pub(super) fn oldest(&self, list: List) -> Option<(usize, i64)> {
        let oldest = self.links.get(list.ring())?.newer;
        let slot = oldest.checked_sub(List::ALL.len())?;
        Some((slot, self.links.get(oldest)?.active_us))
    }

    /// How many slots are in `list`.
    pub(super) fn length(&self, list: List) -> usize {
        let [open, closing, closed] = self.lengths;
        match list {
            List::Open => open,
            List::Closing => closing,
            List::Closed => closed,
        }
    }

    /// Makes `slot` the most recent one of `list`. Its time never goes back.
    pub(super) fn touch(&mut self, slot: usize, list: List, time_us: i64) {
        let (at, ring) = (slot + List::ALL.len(), list.ring());
        if self.links.len() <= at {
            self.links.resize(at + 1, UNLINKED);
        }
        let newest = self.links.get(ring).map_or(ring, |ring| ring.older);
        let Some(link) = self.links.get_mut(at) else { return };
        link.active_us = link.active_us.max(time_us);
        if newest == at {
            return;
        }
        self.unlink(at);
        *self.length_mut(list) += 1;
        self.join(newest, at);
        self.join(at, ring);
        if let Some(link) = self.links.get_mut(at) {
            link.list = Some(list);
        }
    }

    /// Takes `slot` out of its list, if it is in one.
    pub(super) fn remove(&mut self, slot: usize) {
        let at = slot + List::ALL.len();
        self.unlink(at);
        if let Some(link) = self.links.get_mut(at) {
            *link = UNLINKED;
        }
    }

    fn unlink(&mut self, at: usize) {
        let Some(&Link { older, newer, list: Some(list), .. }) = self.links.get(at) else { return };
        self.join(older, newer);
        *self.length_mut(list) -= 1;
    }

    fn length_mut(&mut self, list: List) -> &mut usize {
        let [open, closing, closed] = &mut self.lengths;
        match list {
            List::Open => open,
            List::Closing => closing,
            List::Closed => closed,
        }
    }

    /// Makes two links neighbours.
    fn join(&mut self, older: usize, newer: usize) {
        if let Some(link) = self.links.get_mut(older) {
            link.newer = newer;
        }
        if let Some(link) = self.links.get_mut(newer) {
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

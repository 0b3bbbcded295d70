//! Slots that changed since they were last visited.

use std::collections::VecDeque;

/// The slots, the longest unvisited first; each stands here once.
#[derive(Debug, Default)]
pub(super) struct Changed {
    waiting: VecDeque<usize>,
    is_waiting: Vec<bool>,
}

impl Changed {
    #[inline]
    pub(super) fn mark(&mut self, slot: usize) {
        if self.is_waiting.get(slot) != Some(&true) {
            self.wait(slot);
        }
    }

    fn wait(&mut self, slot: usize) {
        if self.is_waiting.len() <= slot {
            self.is_waiting.resize(slot + 1, false);
        }
        if let Some(is_waiting) = self.is_waiting.get_mut(slot) {
            *is_waiting = true;
            self.waiting.push_back(slot);
        }
    }

    pub(super) fn next(&mut self) -> Option<usize> {
        let slot = self.waiting.pop_front()?;
        if let Some(is_waiting) = self.is_waiting.get_mut(slot) {
            *is_waiting = false;
        }
        Some(slot)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_waits_once_until_it_is_visited() {
        let mut changed = Changed::default();
        for slot in [7, 2, 7, 2] {
            changed.mark(slot);
        }
        assert_eq!((changed.len(), changed.next()), (2, Some(7)));
        changed.mark(7);
        assert_eq!([changed.next(), changed.next(), changed.next()], [Some(2), Some(7), None]);
    }
}

//! Which slot of the table has the flow with a key.

use hashbrown::HashTable;

use super::key::Key;

/// Slots that were found lately, by the lower bits of the key: they are asked before the table.
const LATELY: usize = 1024;

/// The slots of the flows that are alive, by their keys.
#[derive(Debug)]
pub(super) struct Index {
    slots: HashTable<(Key, usize)>,
    /// Whatever stands here is only a guess.
    lately: Box<[usize; LATELY]>,
}

impl Default for Index {
    fn default() -> Self {
        Self { slots: HashTable::new(), lately: Box::new([0; LATELY]) }
    }
}

impl Index {
    /// The slot with `key` of which `is_it` is true: it sees slots with other keys too, and empty ones.
    #[inline]
    pub(super) fn find(&mut self, key: Key, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let lately = self.lately.get_mut(key.low_bits() % LATELY)?;
        if !is_it(*lately) {
            *lately = self.slots.find(key.0, |&(other, slot)| other == key && is_it(slot))?.1;
        }
        Some(*lately)
    }

    pub(super) fn insert(&mut self, key: Key, slot: usize) {
        self.slots.insert_unique(key.0, (key, slot), |(key, _)| key.0);
    }

    pub(super) fn remove(&mut self, key: Key, slot: usize) {
        if let Ok(place) = self.slots.find_entry(key.0, |(_, other)| *other == slot) {
            place.remove();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_believed_only_if_it_is_right() {
        let mut index = Index::default();
        let keys = [Key(5), Key(5 + LATELY as u64), Key(5)];
        for (slot, key) in keys.into_iter().enumerate() {
            index.insert(key, slot);
        }
        for slot in [0, 1, 2, 0, 2, 1] {
            assert_eq!(index.find(keys[slot], |it| it == slot), Some(slot));
        }
        index.remove(keys[2], 2);
        assert_eq!(index.find(keys[2], |_| false), None);
        assert_eq!(index.find(keys[0], |it| it == 0), Some(0));
        assert_eq!(index.len(), 2);
    }
}

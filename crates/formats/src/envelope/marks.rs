//! Which layers an object may be, at one look at each of its keys: most alerts are none.

use super::LAYERS;
use super::kubernetes::REPORTS;
use crate::json::Json;

/// Longer keys than any mark but the last of all are told together.
const KEY_BYTES_TOLD: usize = 24;

/// The layers whose mark may be among the keys of an object, as bits.
pub(super) fn present(json: &Json<'_>) -> u32 {
    let (by_first, by_length) = &MAY_MARK;
    let keys = json.entries().iter().map(|(key, _)| key.as_bytes());
    keys.fold(0, |layers, key| {
        let first = key.first().map_or(0, |byte| by_first[usize::from(*byte)]);
        layers | (first & by_length[key.len().min(KEY_BYTES_TOLD - 1)])
    })
}

/// Which layers a key may be the mark of, as bits: by its first byte, and by its length. One look at each key tells
/// most alerts from envelopes.
static MAY_MARK: ([u32; 256], [u32; KEY_BYTES_TOLD]) = {
    let (mut by_first, mut by_length) = ([0; 256], [0; KEY_BYTES_TOLD]);
    let mut index = 0;
    while index < LAYERS.len() {
        let (mark, bit) = (LAYERS[index].mark.as_bytes(), 1 << index);
        if mark.len() < REPORTS.len() {
            by_first[mark[0] as usize] |= bit;
            by_length[mark.len()] |= bit;
        } else {
            let mut byte = 0;
            while byte < 256 {
                by_first[byte] |= bit;
                byte += 1;
            }
            by_length[KEY_BYTES_TOLD - 1] |= bit;
        }
        index += 1;
    }
    (by_first, by_length)
};

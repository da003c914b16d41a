//! What a medium's files say when it comes into a drive: whether they make sense, and how far a server came that was
//! killed.

use super::disc::{Disc, Track};
use super::form::FRAME;
use super::kind::Family;

/// Refuses a state that this server has not written.
pub fn check(disc: &Disc) -> Result<(), &'static str> {
    if disc.capacity > disc.kind.capacity() || disc.formatted.is_some_and(|blocks| blocks > disc.capacity) {
        return Err("it is larger than its kind");
    }
    let limit = disc.kind.capacity() as i32;
    if disc.tracks.len() > usize::from(disc.kind.most_tracks())
        || disc.tracks.iter().zip(1..).any(|(track, number)| track.number != number)
        || !disc.tracks.is_sorted_by_key(|track| (track.session, track.start))
    {
        return Err("its tracks are out of order");
    }
    let last = disc.last_session();
    let bad = disc.tracks.iter().any(|track| {
        track.session == 0
            || track.session > last
            || !(0..=limit).contains(&track.start)
            || track.pregap > 4500 * 99
            || track.reserved.is_some_and(|blocks| blocks > limit as u32)
            || track.end.is_some_and(|end| end < track.start || end > limit + 32)
            || track.indexes.iter().any(|index| !(0..=limit).contains(index))
    });
    if bad {
        return Err("a track is nowhere on it");
    }
    let bad = disc.extents.iter().any(|extent| {
        !(-150..=limit).contains(&extent.start)
            || extent.blocks > limit as u32 + 150
            || extent.planned.is_some_and(|planned| planned > limit as u32 + 150 || planned < extent.blocks)
            || !extent.form.allows(extent.stored)
            || extent.offset > limit as u64 * FRAME as u64
    });
    if bad { Err("a run of blocks is nowhere on it") } else { Ok(()) }
}

/// Makes of a disc what the length of its image says was written.
pub fn recover(disc: &mut Disc, length: u64) {
    if disc.is_random() {
        return;
    }
    let last = disc.extents.iter().filter(|extent| !extent.silent).map(|extent| extent.offset).max();
    let limit = disc.capacity;
    for extent in disc.extents.iter_mut().filter(|extent| !extent.silent) {
        let there = length.saturating_sub(extent.offset) / u64::from(extent.stored.max(1));
        let there = u32::try_from(there).unwrap_or(u32::MAX).min(extent.planned.unwrap_or(limit)).min(limit);
        if Some(extent.offset) == last || there < extent.blocks {
            extent.blocks = there;
        }
    }
    if disc.kind.family() != Family::Cd || disc.finalized {
        return;
    }
    // A track or session of a CD is written without a pause: what was interrupted has ended.
    disc.truncate();
    let open = |track: &&Track| track.end.is_none() && track.reserved.is_none() && !track.packets;
    let numbers: Vec<u16> = disc.tracks.iter().filter(open).map(|track| track.number).collect();
    for number in numbers {
        // It is there.
        let _ = disc.close_track(number);
    }
    disc.tracks.retain(|track| track.end != Some(track.start));
    for extent in &mut disc.extents {
        extent.planned = Some(extent.blocks);
    }
    disc.extents.retain(|extent| extent.blocks > 0);
}

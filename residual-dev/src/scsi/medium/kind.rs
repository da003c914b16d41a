//! Kinds of media: what they are called, hold and allow.

use serde::{Deserialize, Serialize};

/// What a disc is. Names are those of the settings and of `mapper scsi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the media")]
pub enum Kind {
    #[serde(rename = "cd-rom")]
    CdRom,
    #[serde(rename = "cd-r")]
    CdR,
    #[serde(rename = "cd-rw")]
    CdRw,
    #[serde(rename = "dvd-rom")]
    DvdRom,
    #[serde(rename = "dvd-r")]
    DvdR,
    #[serde(rename = "dvd-rw")]
    DvdRw,
    #[serde(rename = "dvd+r")]
    DvdPlusR,
    #[serde(rename = "dvd+r-dl")]
    DvdPlusRDl,
    #[serde(rename = "dvd+rw")]
    DvdPlusRw,
    #[serde(rename = "bd-rom")]
    BdRom,
    #[serde(rename = "bd-r")]
    BdR,
    #[serde(rename = "bd-re")]
    BdRe,
}

/// Kinds that share a way of recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Frames of 2352 bytes, tables of contents, pregaps.
    Cd,
    /// Blocks of 2048 bytes in groups of 16 (ECC blocks).
    Dvd,
    /// Blocks of 2048 bytes in groups of 32 (clusters).
    Bd,
}

/// All kinds with their names and capacities in blocks of 2048 bytes: CD of 80 minutes, 79:59.74 (Orange Book),
/// DVD of 4.7 GB and 8.5 GB (ECMA-337, 349, 359, 364, 338), BD of 25 GB (MMC-6, 4.5).
const KINDS: [(Kind, &str, u32); 12] = [
    (Kind::CdRom, "cd-rom", 359_849),
    (Kind::CdR, "cd-r", 359_849),
    (Kind::CdRw, "cd-rw", 359_849),
    (Kind::DvdRom, "dvd-rom", 4_173_824),
    (Kind::DvdR, "dvd-r", 2_298_496),
    (Kind::DvdRw, "dvd-rw", 2_298_496),
    (Kind::DvdPlusR, "dvd+r", 2_295_104),
    (Kind::DvdPlusRDl, "dvd+r-dl", 4_173_824),
    (Kind::DvdPlusRw, "dvd+rw", 2_295_104),
    (Kind::BdRom, "bd-rom", 12_219_392),
    (Kind::BdR, "bd-r", 12_219_392),
    (Kind::BdRe, "bd-re", 12_219_392),
];

impl Kind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|row| row.0)
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    fn row(self) -> &'static (Self, &'static str, u32) {
        &KINDS[self as usize]
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Blocks of user data that it holds.
    pub fn capacity(self) -> u32 {
        self.row().2
    }

    /// Its way of recording.
    pub fn family(self) -> Family {
        match self {
            Self::CdRom | Self::CdR | Self::CdRw => Family::Cd,
            Self::BdRom | Self::BdR | Self::BdRe => Family::Bd,
            _ => Family::Dvd,
        }
    }

    /// Whether it was pressed and takes no writing.
    pub fn is_pressed(self) -> bool {
        matches!(self, Self::CdRom | Self::DvdRom | Self::BdRom)
    }

    /// Whether it can be written again.
    pub fn is_erasable(self) -> bool {
        matches!(self, Self::CdRw | Self::DvdRw | Self::DvdPlusRw | Self::BdRe)
    }

    /// Whether it must be formatted and is written at random then, and in no other way.
    pub fn is_random(self) -> bool {
        matches!(self, Self::DvdPlusRw | Self::BdRe)
    }

    /// Blocks in a group that is written as a whole.
    pub fn group(self) -> u32 {
        match self.family() {
            Family::Cd => 1,
            Family::Dvd => 16,
            Family::Bd => 32,
        }
    }

    /// Most tracks that it has (`02h` of READ TRACK INFORMATION; MMC-6, 4.2 to 4.5).
    pub fn most_tracks(self) -> u16 {
        match self {
            Self::DvdPlusR | Self::DvdPlusRDl => 153,
            Self::BdR => 7927,
            _ => 99,
        }
    }

    /// Blocks between the end of a session, the number of which is given (from 1), and the first track of the next:
    /// lead-out, lead-in and pregap of a CD (MMC-6, 4.2.3.6), border zones of a DVD-R, nothing where sessions follow
    /// each other.
    pub fn session_gap(self, session: u16) -> u32 {
        match self {
            Self::CdR | Self::CdRw if session == 1 => 6750 + 4500 + 150,
            Self::CdR | Self::CdRw => 2250 + 4500 + 150,
            Self::DvdR | Self::DvdRw if session == 1 => 28_672,
            Self::DvdR | Self::DvdRw => 6144,
            Self::DvdPlusR | Self::DvdPlusRDl => 2048,
            _ => 0,
        }
    }

    /// Blocks between a track and the next of the same session that the host does not give: run-out, link and the
    /// pregap of a CD track written at once (MMC-6, 4.2.3.5).
    pub fn track_gap(self) -> u32 {
        if self.family() == Family::Cd { 152 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_kinds() {
        for kind in Kind::all() {
            assert_eq!(kind.row().0, kind);
            assert_eq!(Kind::named(kind.name()), Some(kind));
            assert_eq!(serde_json::to_string(&kind).expect("it has a name"), format!("{:?}", kind.name()));
        }
        assert_eq!(Kind::named("floppy"), None);
    }
}

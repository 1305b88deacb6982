//! A manifest: the segments of a base, and which of their documents are deleted.
//!
//! It is written twice in its file, from the front and towards the end, so that damage in one place
//! costs nothing.

use serde::{Deserialize, Serialize};

use super::codec::check;
use super::fault::{Fault, Result};

const MAGIC: &[u8; 8] = b"LOOMKBMF";
const VERSION: u32 = 1;
/// Magic, version, length, checksum.
const SEAL_BYTES: usize = 20;

/// What a base is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) generation: u64,
    /// Oldest first.
    pub(crate) segments: Vec<Entry>,
}

/// A segment of a base.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The name of its file.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) documents: u32,
    pub(crate) chunks: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[serde(default)]
    pub(crate) dimensions: u32,
    /// Documents that are deleted: runs of numbers, each with its first and its length, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) deleted: Vec<(u32, u32)>,
    /// How many chunks those have.
    #[serde(default)]
    pub(crate) deleted_chunks: u32,
}

impl Entry {
    /// Of each document whether it is there.
    pub(crate) fn live(&self) -> Vec<bool> {
        let mut live = vec![true; self.documents as usize];
        for (first, length) in &self.deleted {
            let end = first.saturating_add(*length).min(self.documents);
            if let Some(run) = live.get_mut(*first as usize..end as usize) {
                run.fill(false);
            }
        }
        live
    }

    /// Takes over which documents are there.
    pub(crate) fn set_live(&mut self, live: &[bool]) {
        self.deleted.clear();
        for (number, live) in (0..).zip(live) {
            if *live {
                continue;
            }
            match self.deleted.last_mut() {
                Some((first, length)) if *first + *length == number => *length += 1,
                _ => self.deleted.push((number, 1)),
            }
        }
    }

    pub(crate) fn live_chunks(&self) -> u32 {
        self.chunks.saturating_sub(self.deleted_chunks)
    }
}

impl Manifest {
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(self).map_err(|error| Fault::Io(error.into()))?;
        let mut seal = MAGIC.to_vec();
        seal.extend_from_slice(&VERSION.to_le_bytes());
        seal.extend_from_slice(&(json.len() as u32).to_le_bytes());
        seal.extend_from_slice(&crc32fast::hash(&json).to_le_bytes());
        Ok([&seal[..], &json, &json, &seal].concat())
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        Self::decode_front(bytes).or_else(|fault| Self::decode_back(bytes).map_err(|_| fault))
    }

    fn decode_front(bytes: &[u8]) -> Result<Self> {
        let (seal, rest) = bytes.split_first_chunk().ok_or_else(short)?;
        let (length, sum) = open(seal)?;
        Self::parse(rest.get(..length).ok_or_else(short)?, sum)
    }

    fn decode_back(bytes: &[u8]) -> Result<Self> {
        let (rest, seal) = bytes.split_last_chunk().ok_or_else(short)?;
        let (length, sum) = open(seal)?;
        let start = rest.len().checked_sub(length).ok_or_else(short)?;
        Self::parse(&rest[start..], sum)
    }

    fn parse(json: &[u8], sum: u32) -> Result<Self> {
        check(json, sum, "the manifest")?;
        serde_json::from_slice(json).map_err(|error| Fault::damaged(error.to_string()))
    }
}

/// The length and the checksum that a seal has.
fn open(seal: &[u8; SEAL_BYTES]) -> Result<(usize, u32)> {
    let number =
        |at: usize| u32::from_le_bytes([seal[at], seal[at + 1], seal[at + 2], seal[at + 3]]);
    if &seal[..8] != MAGIC {
        return Err(Fault::damaged("it is no manifest"));
    }
    if number(8) != VERSION {
        let what = format!(
            "its version is {}, and this plugin reads {VERSION}",
            number(8)
        );
        return Err(Fault::damaged(what));
    }
    Ok((number(12) as usize, number(16)))
}

fn short() -> Fault {
    Fault::damaged("it ends too early")
}

/// The name of the manifest with that number.
pub(super) fn name(generation: u64) -> String {
    format!("manifest-{generation:010}")
}

/// The number of the manifest with that name.
pub(super) fn generation(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("manifest-")?;
    let generation = digits.parse().ok()?;
    (self::name(generation) == name).then_some(generation)
}

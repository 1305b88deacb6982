//! Numbers and checksums as bytes. What they mean is for the files' own modules.

use super::fault::{Fault, Result};

/// Appends a number in as few bytes as it needs (LEB128).
pub(crate) fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number as u8) | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads what was written, and refuses what was not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or_else(short)?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Fault::damaged("a number has no end"))
    }

    pub(crate) fn small(&mut self) -> Result<u32> {
        let number = self.number()?;
        u32::try_from(number).map_err(|_| Fault::damaged("a number is too large"))
    }

    pub(crate) fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let length = usize::try_from(length).map_err(|_| short())?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(short)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        let length = self.number()?;
        text(self.take(length)?)
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// Appends a text, with its length before it.
pub(crate) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

pub(crate) fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Fault::damaged("a text is not UTF-8"))
}

/// Numbers of four bytes each.
pub(crate) fn column(bytes: &[u8]) -> Vec<u32> {
    let numbers = bytes.as_chunks::<4>().0.iter();
    numbers.map(|number| u32::from_le_bytes(*number)).collect()
}

pub(crate) fn column_bytes(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|it| it.to_le_bytes()).collect()
}

/// Refuses bytes that are not those that were written.
pub(crate) fn check(bytes: &[u8], sum: u32, what: &str) -> Result<()> {
    if crc32fast::hash(bytes) == sum {
        return Ok(());
    }
    Err(Fault::damaged(format!("the checksum of {what} is wrong")))
}

fn short() -> Fault {
    Fault::damaged("it ends too early")
}

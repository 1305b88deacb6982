//! Custom sections of components.

use std::fs;
use std::path::Path;

/// Appends a custom section to a component.
///
/// # Panics
///
/// If it cannot be read or written.
pub fn add_section(component: &Path, name: &str, data: &[u8]) {
    let named = |error: std::io::Error| -> ! { panic!("{}: {error}", component.display()) };
    let mut wasm = fs::read(component).unwrap_or_else(|error| named(error));
    wasm.extend(custom_section(name, data));
    fs::write(component, wasm).unwrap_or_else(|error| named(error));
}

fn custom_section(name: &str, data: &[u8]) -> Vec<u8> {
    let mut body = leb128(name.len());
    body.extend(name.as_bytes());
    body.extend(data);
    let mut section = vec![0];
    section.extend(leb128(body.len()));
    section.extend(body);
    section
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

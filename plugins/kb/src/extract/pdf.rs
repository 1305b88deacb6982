//! The text of PDF documents. The library may panic on a broken one, which ends the component: who
//! calls notes beforehand what it is about to read.

use super::Extracted;
use crate::chunking::Structure;

/// The text of a document, page by page.
pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, String> {
    let pages = pdf_extract::extract_text_from_mem_by_pages(bytes)
        .map_err(|error| format!("no PDF text could be read: {error}"))?;
    let text = pages.join("\n\n");
    if text.trim().is_empty() {
        return Err("a PDF without text, perhaps scanned pages".to_owned());
    }
    Ok(Extracted {
        title: None,
        text,
        structure: Structure::Plain,
    })
}

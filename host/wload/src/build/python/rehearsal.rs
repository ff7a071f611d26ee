//! Whether users were rehearsed when a component was made: the SDK's `wload/rehearsal.py` leaves word in the memory if not.
//!
//! Upstream: `python.rs`. Downstream: a warning.

use super::image::{Image, offset};

/// How the word begins; `rehearsal.py` has it, too.
const MAGIC: &[u8] = b"wload not rehearsed: ";
/// The longest reason; it ends with its line.
const REASON_MAX: usize = 300;

/// Why users were not rehearsed; none when they were.
///
/// # Errors
/// When these are not the bytes of a component.
pub(super) fn complaint(component: &[u8]) -> wasmparser::Result<Option<String>> {
    let images = Image::all_of(component)?;
    let reasons = images.iter().flat_map(|image| {
        let addresses = image.find(component, MAGIC).into_iter();
        addresses.filter_map(|address| reason(image, component, address))
    });
    Ok(reasons.last())
}

/// What stands behind the beginning; none where that is all.
fn reason(image: &Image, component: &[u8], address: u32) -> Option<String> {
    let byte = |at| image.byte(component, offset(address, MAGIC.len() + at)?);
    let bytes: Vec<u8> =
        (0..REASON_MAX).map_while(byte).take_while(|byte| *byte != b'\n').collect();
    byte(bytes.len()).filter(|byte| *byte == b'\n')?;
    let is_text = bytes.iter().all(|byte| *byte >= b' ');
    is_text.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::image::tests::component;
    use super::*;

    #[test]
    fn the_reason_ends_with_its_line_and_the_beginning_alone_is_none() {
        let said = b"wload not rehearsed: KeyError: a\nmore";
        let component_of = |bytes: &[u8]| complaint(&component(&[(400, bytes)])).unwrap();
        assert_eq!(component_of(said), Some("KeyError: a".to_owned()));
        assert_eq!(component_of(&said[..25]), None);
        assert_eq!(component_of(b"nothing"), None);
    }
}

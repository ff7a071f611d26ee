//! The memory with which a component begins, at its places in the component's file.
//!
//! Upstream: `immortal.rs`, `rehearsal.rs`. Downstream: wasmparser. Invariant: what is written changes bytes of data segments and nothing
//! else of the file; what no segment has reads as zero.

use std::ops::Range;

use wasmparser::{DataKind, DataSectionReader, Operator, Parser, Payload};

/// Segments of one module's data section, in order of their addresses.
pub(super) struct Image {
    segments: Vec<Segment>,
}

/// A part of the memory.
struct Segment {
    address: u32,
    /// Its bytes in the file.
    file: Range<usize>,
}

impl Image {
    /// The memories of all modules in a component that have data at addresses which are constants.
    ///
    /// # Errors
    /// When these are not the bytes of a component.
    pub(super) fn all_of(component: &[u8]) -> wasmparser::Result<Vec<Self>> {
        let mut images = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            if let Payload::DataSection(section) = payload? {
                let mut segments = segments(section)?;
                segments.sort_by_key(|segment| segment.address);
                images.push(Self { segments });
            }
        }
        Ok(images)
    }

    /// Where these bytes lie within one segment.
    pub(super) fn find(&self, component: &[u8], bytes: &[u8]) -> Vec<u32> {
        let mut found = Vec::new();
        for segment in &self.segments {
            let data = &component[segment.file.clone()];
            let places = data.windows(bytes.len()).enumerate();
            let starts = places.filter(|(_, window)| window.starts_with(bytes));
            found.extend(starts.filter_map(|(start, _)| offset(segment.address, start)));
        }
        found
    }

    /// A byte; none after the last segment.
    pub(super) fn byte(&self, component: &[u8], address: u32) -> Option<u8> {
        match self.place(address) {
            Some(place) => component.get(place).copied(),
            None => self.segments.last().is_some_and(|last| address < last.address).then_some(0),
        }
    }

    /// A number of four bytes.
    pub(super) fn word(&self, component: &[u8], address: u32) -> Option<u32> {
        let mut bytes = [0; 4];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = self.byte(component, offset(address, at)?)?;
        }
        Some(u32::from_le_bytes(bytes))
    }

    /// Writes bytes; false, and nothing is written, when one is other than zero where no segment is.
    pub(super) fn write(&self, component: &mut [u8], address: u32, bytes: &[u8]) -> bool {
        let places: Vec<Option<usize>> =
            (0..bytes.len()).map(|at| self.place(offset(address, at)?)).collect();
        if places.iter().zip(bytes).any(|(place, &byte)| place.is_none() && byte != 0) {
            return false;
        }
        for (place, &byte) in places.iter().zip(bytes) {
            if let Some(target) = place.and_then(|place| component.get_mut(place)) {
                *target = byte;
            }
        }
        true
    }

    /// Where a byte of the memory is in the file.
    fn place(&self, address: u32) -> Option<usize> {
        let after = self.segments.partition_point(|segment| segment.address <= address);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let place = segment.file.start + (address - segment.address) as usize;
        segment.file.contains(&place).then_some(place)
    }
}

/// An address so many bytes later.
pub(super) fn offset(address: u32, bytes: usize) -> Option<u32> {
    address.checked_add(u32::try_from(bytes).ok()?)
}

fn segments(section: DataSectionReader<'_>) -> wasmparser::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for data in section {
        let data = data?;
        let DataKind::Active { memory_index: 0, offset_expr } = data.kind else { continue };
        if let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? {
            let file = data.range.end - data.data.len()..data.range.end;
            segments.push(Segment { address: value.cast_unsigned(), file });
        }
    }
    Ok(segments)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A component with a module of one memory, which has these segments.
    pub(crate) fn component(segments: &[(u32, &[u8])]) -> Vec<u8> {
        let mut data = number(segments.len());
        for (address, bytes) in segments {
            // Active, at a constant.
            data.extend([0, 0x41]);
            data.extend(number(*address as usize));
            data.push(0x0b);
            data.extend(number(bytes.len()));
            data.extend(*bytes);
        }
        let mut module = b"\0asm\x01\0\0\0\x05\x03\x01\0\x01\x0b".to_vec();
        module.extend(number(data.len()));
        module.extend(data);
        let mut component = b"\0asm\x0d\0\x01\0\x01".to_vec();
        component.extend(number(module.len()));
        component.extend(module);
        component
    }

    /// LEB128 of three bytes, which has a meaning with and without a sign.
    fn number(value: usize) -> Vec<u8> {
        assert!(value < 1 << 20, "{value}");
        let part = |at: usize| u8::try_from(value >> (7 * at) & 0x7f).unwrap();
        vec![part(0) | 0x80, part(1) | 0x80, part(2)]
    }

    #[test]
    fn what_no_segment_has_is_zero_and_after_the_last_there_is_nothing() {
        let component = component(&[(2000, &[9, 8]), (400, &[1, 2, 3, 4])]);
        let [image] = &Image::all_of(&component).unwrap()[..] else { panic!("one memory") };
        assert_eq!(image.word(&component, 400), Some(0x0403_0201));
        assert_eq!(image.word(&component, 402), Some(0x0403));
        assert_eq!(image.byte(&component, 1200), Some(0));
        assert_eq!(image.byte(&component, 2001), Some(8));
        assert_eq!(image.byte(&component, 2002), None);
        assert_eq!(image.word(&component, 2000), None);
        assert_eq!(image.find(&component, &[8]), [2001]);
    }

    #[test]
    fn only_zeros_can_be_written_where_no_segment_is() {
        let mut component = component(&[(4, &[1, 2, 3, 4]), (12, &[5])]);
        let [image] = &Image::all_of(&component).unwrap()[..] else { panic!("one memory") };
        assert!(image.write(&mut component, 6, &[7, 6, 0]));
        assert_eq!(image.word(&component, 4), Some(0x0607_0201));
        assert!(!image.write(&mut component, 7, &[9, 9]));
        assert_eq!(image.word(&component, 4), Some(0x0607_0201), "nothing was written");
    }

    #[test]
    fn what_is_no_component_is_refused() {
        assert!(Image::all_of(b"no wasm").is_err());
    }
}

//! Makes the Python objects of a finished component immortal: instances then do not write to the pages on which these
//! lie, only because references to them come and go.
//!
//! Upstream: the SDK's `wload/immortal.py`, which leaves a note in the memory that the component begins with.
//! Downstream: bytes of the component. Invariants: all that the note says is compared with what is there before it is
//! believed; the component keeps its length; what does not fit is an error, because the component then is not the one
//! that this code knows.
//!
//! The layout is that of CPython 3.14 where pointers have 32 bits: an object begins with its reference count and the
//! address of its type, and one of variable size goes on with its length.

use super::image::{Image, offset};

/// Part of the names of components: a component to which another step was applied is another one.
pub(super) const SOURCE: [&str; 2] = [include_str!("immortal.rs"), include_str!("image.rs")];
/// How the note begins; `immortal.py` has it, too.
const MAGIC: &[u8; 16] = b"wload to find v1";
/// Numbers after the beginning.
const WORDS: usize = 6;
/// Kinds of instructions.
const KINDS: usize = 256;
const NOTE_BYTES: usize = MAGIC.len() + 4 * WORDS + 2 * KINDS;
/// `_Py_IMMORTAL_INITIAL_REFCNT`.
const IMMORTAL: u32 = 5 << 28;
/// `_Py_IMMORTAL_MINIMUM_REFCNT`: from here on an object is immortal.
const IMMORTAL_MIN: u32 = 1 << 30;
/// An instruction, or a unit of cache after it.
const UNIT_BYTES: usize = 2;
const TYPE_AT: usize = 4;
const LENGTH_AT: usize = 8;

/// What `immortal.py` has left.
struct Note {
    address: u32,
    /// The tuple of all objects.
    objects: u32,
    count: u32,
    tuple_type: u32,
    tuple_header: u32,
    code_type: u32,
    code_header: u32,
    /// Units of cache after an instruction.
    caches: [u8; KINDS],
    /// What an instruction is to be.
    becomes: [u8; KINDS],
}

/// A component as it is changed.
struct Work<'a> {
    component: &'a mut [u8],
    image: Image,
}

/// Does it, and says to how many objects.
///
/// # Errors
/// When the component is not as the SDK leaves it; what was expected, and what is there.
pub(super) fn apply(component: &mut [u8]) -> Result<u32, String> {
    let images = Image::all_of(component)
        .map_err(|error| format!("the component cannot be read: {error}"))?;
    let mut noted = Vec::new();
    for image in images {
        let notes = image.find(component, MAGIC).into_iter();
        let notes: Vec<Note> =
            notes.filter_map(|address| Note::read(&image, component, address)).collect();
        noted.extend((!notes.is_empty()).then_some((image, notes)));
    }
    let found: usize = noted.iter().map(|(_, notes)| notes.len()).sum();
    let (Some((image, mut notes)), 1) = (noted.pop(), found) else {
        return Err(format!(
            "its memory has {found} lists of objects that stay, where 1 is needed"
        ));
    };
    let Some(note) = notes.pop() else { return Err("the list of objects is gone".to_owned()) };
    let mut work = Work { component, image };
    for at in 0..note.count {
        work.object(&note, at)?;
    }
    work.clear(&note)?;
    Ok(note.count)
}

impl Note {
    /// None where the same bytes stand without a tuple of that length.
    fn read(image: &Image, component: &[u8], address: u32) -> Option<Self> {
        let word = |at: usize| image.word(component, offset(address, MAGIC.len() + 4 * at)?);
        let table = |at: usize| -> Option<[u8; KINDS]> {
            let mut bytes = [0; KINDS];
            for (kind, byte) in bytes.iter_mut().enumerate() {
                let start = MAGIC.len() + 4 * WORDS + at * KINDS;
                *byte = image.byte(component, offset(address, start + kind)?)?;
            }
            Some(bytes)
        };
        let note = Self {
            address,
            objects: word(0)?,
            count: word(1)?,
            tuple_type: word(2)?,
            tuple_header: word(3)?,
            code_type: word(4)?,
            code_header: word(5)?,
            caches: table(0)?,
            becomes: table(1)?,
        };
        let of_tuple = |at| image.word(component, offset(note.objects, at)?);
        let is_there = of_tuple(TYPE_AT)? == note.tuple_type && of_tuple(LENGTH_AT)? == note.count;
        is_there.then_some(note)
    }

    /// Where the tuple has the address of one object.
    fn item(&self, at: u32) -> Option<u32> {
        self.objects.checked_add(self.tuple_header)?.checked_add(at.checked_mul(4)?)
    }
}

impl Work<'_> {
    fn word(&self, address: Option<u32>) -> Result<u32, String> {
        let found = address.and_then(|address| self.image.word(self.component, address));
        found.ok_or_else(|| format!("{} is outside of its memory", shown(address)))
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), String> {
        if self.image.write(self.component, address, bytes) {
            return Ok(());
        }
        Err(format!("at {address:#x} its memory has zeros that are not in the file"))
    }

    /// One object of the list.
    fn object(&mut self, note: &Note, at: u32) -> Result<(), String> {
        let address = self.word(note.item(at))?;
        let count = self.word(Some(address))?;
        let kind = self.word(offset(address, TYPE_AT))?;
        // The list itself refers to it.
        if count == 0 || i32::try_from(count).is_err() || self.word(Some(kind)).is_err() {
            return Err(format!(
                "object {at} of the list, at {address:#x}, has the reference count {count:#x} and the type {kind:#x}"
            ));
        }
        if count < IMMORTAL_MIN {
            self.write(address, &IMMORTAL.to_le_bytes())?;
        }
        if kind == note.code_type {
            self.code(note, address)?;
        }
        Ok(())
    }

    /// The instructions of a code object: those that rewrite themselves on their first run are as they will be.
    fn code(&mut self, note: &Note, address: u32) -> Result<(), String> {
        let units = self.word(offset(address, LENGTH_AT))? as usize;
        let start = address.checked_add(note.code_header);
        let mut unit = 0;
        while unit < units {
            let place = start.and_then(|start| offset(start, unit * UNIT_BYTES));
            let found = place.and_then(|place| self.image.byte(self.component, place));
            let (Some(place), Some(kind)) = (place, found) else {
                return Err(format!("code at {address:#x} ends outside of its memory"));
            };
            let becomes = note.becomes[usize::from(kind)];
            if becomes != kind {
                self.write(place, &[becomes])?;
            }
            unit += 1 + usize::from(note.caches[usize::from(kind)]);
        }
        if unit == units {
            return Ok(());
        }
        Err(format!(
            "code at {address:#x} has {units} units, and its last instruction needs {unit}"
        ))
    }

    /// The list has done its work: it becomes an empty tuple, and nobody finds the note again.
    fn clear(&mut self, note: &Note) -> Result<(), String> {
        let outside = || "the list of objects ends outside of its memory".to_owned();
        for at in 0..note.count {
            self.write(note.item(at).ok_or_else(outside)?, &[0; 4])?;
        }
        let length = offset(note.objects, LENGTH_AT).ok_or_else(outside)?;
        self.write(length, &[0; 4])?;
        self.write(note.objects, &IMMORTAL.to_le_bytes())?;
        self.write(note.address, &[0; NOTE_BYTES])
    }
}

fn shown(address: Option<u32>) -> String {
    address.map_or("an address".to_owned(), |address| format!("{address:#x}"))
}

#[cfg(test)]
mod tests {
    use super::super::image::tests::component;
    use super::*;

    const TUPLE_TYPE: u32 = 0x100;
    const CODE_TYPE: u32 = 0x200;
    const OTHER_TYPE: u32 = 0x300;
    const CODE: u32 = 0x400;
    const OTHER: u32 = 0x500;
    const STATIC: u32 = 0x540;
    const TUPLE: u32 = 0x600;
    const NOTE: u32 = 0x700;
    /// Of the static types of CPython.
    const STATIC_COUNT: u32 = 7 << 28;

    fn words(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// Instruction 1 has two units of cache and becomes 2; all others stay.
    fn note(count: u32) -> Vec<u8> {
        let mut caches = [0; KINDS];
        caches[1] = 2;
        let mut becomes: Vec<u8> = (0..=u8::MAX).collect();
        becomes[1] = 2;
        let numbers = words(&[TUPLE, count, TUPLE_TYPE, 16, CODE_TYPE, 12]);
        [MAGIC.to_vec(), numbers, caches.to_vec(), becomes].concat()
    }

    /// A memory with three objects, two of them mortal, and a note of them.
    fn noted(other_count: u32, instructions: &[u8; 8], notes: &[u8]) -> Vec<u8> {
        let code = [words(&[3, CODE_TYPE, 4]), instructions.to_vec()].concat();
        let hash = u32::MAX;
        component(&[
            (TUPLE_TYPE, &words(&[9, 1])),
            (CODE_TYPE, &words(&[9, 1])),
            (OTHER_TYPE, &words(&[9, 1])),
            (CODE, &code),
            (OTHER, &words(&[other_count, OTHER_TYPE])),
            (STATIC, &words(&[STATIC_COUNT, OTHER_TYPE])),
            (TUPLE, &words(&[1, TUPLE_TYPE, 3, hash, CODE, OTHER, STATIC])),
            (NOTE, notes),
        ])
    }

    const INSTRUCTIONS: [u8; 8] = [1, 7, 1, 1, 1, 1, 9, 1];

    fn read(component: &[u8], address: u32) -> u32 {
        Image::all_of(component).unwrap()[0].word(component, address).unwrap()
    }

    #[test]
    fn counts_are_set_and_instructions_but_not_their_caches_are_as_after_a_first_run() {
        let mut component = noted(1, &INSTRUCTIONS, &note(3));
        let length = component.len();
        assert_eq!(apply(&mut component), Ok(3));
        assert_eq!(component.len(), length);
        let counts = [CODE, OTHER, STATIC].map(|address| read(&component, address));
        assert_eq!(counts, [IMMORTAL, IMMORTAL, STATIC_COUNT]);
        let code = [read(&component, CODE + 12), read(&component, CODE + 16)];
        assert_eq!(words(&code), [2, 7, 1, 1, 1, 1, 9, 1]);
        assert_eq!(read(&component, OTHER_TYPE), 9, "what is not in the list stays as it is");
    }

    #[test]
    fn the_list_is_an_empty_tuple_afterwards_and_cannot_be_applied_again() {
        let mut component = noted(1, &INSTRUCTIONS, &note(3));
        apply(&mut component).unwrap();
        let tuple = [0, 4, 8, 16, 20, 24].map(|at| read(&component, TUPLE + at));
        assert_eq!(tuple, [IMMORTAL, TUPLE_TYPE, 0, 0, 0, 0]);
        let error = apply(&mut component).unwrap_err();
        assert!(error.contains("0 lists of objects"), "{error}");
    }

    #[test]
    fn the_same_words_without_a_list_are_no_note_and_two_notes_are_one_too_many() {
        let twice =
            |other: Vec<u8>| noted(1, &INSTRUCTIONS, &[note(3), vec![0; 8], other].concat());
        assert_eq!(apply(&mut twice(note(4))), Ok(3));
        let error = apply(&mut twice(note(3))).unwrap_err();
        assert!(error.contains("2 lists of objects"), "{error}");
    }

    #[test]
    fn what_does_not_look_like_an_object_or_like_code_is_an_error_that_says_where() {
        let error = |component: &mut [u8]| apply(component).unwrap_err();
        let freed = error(&mut noted(0, &INSTRUCTIONS, &note(3)));
        assert!(
            freed.contains("object 1 of the list, at 0x500, has the reference count 0x0"),
            "{freed}"
        );
        let cut = error(&mut noted(1, &[9, 1, 9, 1, 1, 7, 1, 1], &note(3)));
        assert!(
            cut.contains("code at 0x400 has 4 units, and its last instruction needs 5"),
            "{cut}"
        );
    }
}

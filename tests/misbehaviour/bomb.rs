//! A component that is small to read and long to compile.
//!
//! Upstream: nothing. Downstream: `files.rs`. It is encoded by hand: a component around one core module
//! whose functions have so many blocks and locals that the compiler's work is a product of both.

/// Functions: more than one, so that all cores of the compiler are busy.
const FUNCTIONS: u32 = 64;
/// Locals of each.
const LOCALS: u32 = 1_000;
/// Loops of each, one after the other.
const LOOPS: u32 = 4_000;

const I32: u8 = 0x7f;
const LOCAL_GET: u8 = 0x20;
const LOCAL_SET: u8 = 0x21;
const I32_ADD: u8 = 0x6a;
const LOOP: [u8; 2] = [0x03, 0x40];
const BR_IF_0: [u8; 2] = [0x0d, 0x00];
const END: u8 = 0x0b;

/// The component.
pub(crate) fn compile_bomb() -> Vec<u8> {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    section(&mut component, 1, &module());
    component
}

fn module() -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    // One type without parameters and results, and functions of it.
    section(&mut module, 1, &[1, 0x60, 0, 0]);
    let mut functions = leb(FUNCTIONS);
    functions.resize(functions.len() + FUNCTIONS as usize, 0);
    section(&mut module, 3, &functions);
    let body = body();
    let mut code = leb(FUNCTIONS);
    for _ in 0..FUNCTIONS {
        code.extend(leb(u32::try_from(body.len()).unwrap()));
        code.extend_from_slice(&body);
    }
    section(&mut module, 10, &code);
    module
}

/// Every loop changes one local and reads another, so that each local lives through all loops.
fn body() -> Vec<u8> {
    let mut body = vec![1];
    body.extend(leb(LOCALS));
    body.push(I32);
    for number in 0..LOOPS {
        let (changed, read) = (leb(number % LOCALS), leb((number * 7 + 1) % LOCALS));
        body.extend(LOOP);
        body.push(LOCAL_GET);
        body.extend_from_slice(&changed);
        body.push(LOCAL_GET);
        body.extend_from_slice(&read);
        body.push(I32_ADD);
        body.push(LOCAL_SET);
        body.extend_from_slice(&changed);
        body.push(LOCAL_GET);
        body.extend_from_slice(&changed);
        body.extend(BR_IF_0);
        body.push(END);
    }
    body.push(END);
    body
}

fn section(out: &mut Vec<u8>, id: u8, content: &[u8]) {
    out.push(id);
    out.extend(leb(u32::try_from(content.len()).unwrap()));
    out.extend_from_slice(content);
}

/// An unsigned number as WebAssembly writes it.
fn leb(mut number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

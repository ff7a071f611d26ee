//! What goes in comes out, for everything that `serde` can do with a type.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::*;

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, &mut out).unwrap();
    out
}

/// By their texts, because NaN is not equal to itself.
#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + Debug>(value: &T) {
    let mut bytes = bytes(value);
    bytes.extend(b"rest");
    let mut input = bytes.as_slice();
    let back: T = decode(&mut input).unwrap_or_else(|why| panic!("{value:?}: {why}: {bytes:x?}"));
    assert_eq!(format!("{back:?}"), format!("{value:?}"));
    assert_eq!(input, b"rest", "{value:?}");

    let mut input = bytes.as_slice();
    let _: IgnoredAny = decode(&mut input).unwrap();
    assert_eq!(input, b"rest", "{value:?} is skipped");

    let whole = bytes.len() - b"rest".len();
    for len in 0..whole {
        assert!(decode::<T>(&mut &bytes[..len]).is_err(), "{value:?} cut off at {len}");
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Inner {
    id: u32,
    name: Option<String>,
    ratio: f64,
    address: Option<IpAddr>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Flat {
    first: u8,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    rest: BTreeMap<String, Loose>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Loose {
    Number(u64),
    Float(f64),
    Text(String),
    Struct { key: i64, list: Vec<u8> },
    List(Vec<Loose>),
    Variant(Outside),
    Maybe(Option<Duration>),
}

#[derive(Debug, Deserialize, Serialize)]
enum Outside {
    Nothing,
    New(Inner),
    Pair(u8, char),
    Fields { x: u32, y: Option<Option<u8>> },
    Unit(()),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "type")]
enum Inside {
    Nothing,
    New(Inner),
    Fields { x: u32, float: Option<f32> },
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "type", content = "content")]
enum Beside {
    Nothing,
    New(Inner),
    Pair(u8, i128),
    Fields { x: u32 },
}

#[derive(Debug, Deserialize, Serialize)]
struct Unit;
#[derive(Debug, Deserialize, Serialize)]
struct Tuple(u64, String);
#[derive(Debug, Deserialize, Serialize)]
struct Skips {
    #[serde(skip_serializing_if = "Option::is_none")]
    none: Option<u8>,
    #[serde(skip)]
    _skipped: (),
    last: u8,
}

#[test]
fn numbers_and_texts_come_back_as_they_were() {
    comes_back(&[0, 1, 127, 128, 255, 256, u64::from(u32::MAX), u64::MAX]);
    comes_back(&[-1, -128, -129, i64::from(i32::MIN), i64::MIN, i64::MAX]);
    comes_back(&(i8::MIN, u16::MAX, i16::MIN, u32::MAX));
    comes_back(&[i128::MIN, -1, 0, i128::from(i64::MIN) - 1, i128::from(u64::MAX), i128::MAX]);
    comes_back(&[0, u128::from(u64::MAX), u128::from(u64::MAX) + 1, u128::MAX]);
    comes_back(&[f64::NAN, f64::INFINITY, -0.0, f64::MIN_POSITIVE, f64::MAX]);
    comes_back(&(f32::NAN, f32::NEG_INFINITY, 0.1_f32, true, false));
    comes_back(&['a', '\0', 'ß', char::MAX]);
    for len in [0, 1, 63, 64, 127, 128, 70_000] {
        comes_back(&"x".repeat(len));
    }
    let bits = f64::from_bits(0x7ff8_0000_0000_1234);
    let back: f64 = decode(&mut bytes(&bits).as_slice()).unwrap();
    assert_eq!(back.to_bits(), bits.to_bits());
}

#[test]
fn nothing_is_not_confused_with_the_absence_of_something() {
    comes_back(&[None, Some(None), Some(Some(1_u8))]);
    comes_back(&[None, Some(())]);
    comes_back(&[Some(Unit), None]);
    comes_back(&serde_json::json!({"a": [1, -2, 2.5, null, true], "b": {"c": "d", "e": []}}));
}

#[test]
fn every_form_of_struct_and_enum_comes_back() {
    let inner = Inner {
        id: 7,
        name: Some("ada".into()),
        ratio: f64::NAN,
        address: Some(IpAddr::from([127, 0, 0, 1])),
    };
    let rest = [
        ("number", Loose::Number(7)),
        ("float", Loose::Float(1.5)),
        ("list", Loose::List(vec![Loose::Text("x".into()), Loose::Maybe(None)])),
        ("struct", Loose::Struct { key: -7, list: vec![1, 2] }),
        ("nothing", Loose::Maybe(None)),
        ("time", Loose::Maybe(Some(Duration::from_nanos(1_234_567_890_123)))),
        ("variant", Loose::Variant(Outside::Pair(1, 'x'))),
    ];
    let rest = rest.map(|(name, value)| (name.to_owned(), value)).into();
    comes_back(&Flat { first: 1, inner: inner.clone(), rest });
    comes_back(&[
        Outside::Nothing,
        Outside::New(inner.clone()),
        Outside::Pair(1, 'ß'),
        Outside::Fields { x: 1, y: Some(None) },
        Outside::Unit(()),
    ]);
    let float = Some(0.1);
    comes_back(&[Inside::Nothing, Inside::New(inner.clone()), Inside::Fields { x: 1, float }]);
    comes_back(&[
        Beside::Nothing,
        Beside::New(inner),
        Beside::Pair(1, -5),
        Beside::Fields { x: 1 },
    ]);
    comes_back(&(Unit, Tuple(u64::MAX, String::new()), (), [[1_u8; 4]; 2]));
    comes_back(&[Skips { none: None, _skipped: (), last: 3 }]);
    comes_back(&[Ok::<u8, String>(1), Err("x".into())]);
}

#[test]
fn maps_may_have_keys_of_any_type() {
    comes_back(&BTreeMap::from([((1_u8, true), "pair".to_owned())]));
    comes_back(&BTreeMap::from([(None, 'a'), (Some(1_u8), 'b')]));
    comes_back(&BTreeMap::from([(vec![1_u8], BTreeMap::from([(i64::MIN, ())]))]));
    comes_back(&BTreeMap::from([(Some(String::new()), 1)]));
}

#[test]
fn a_typical_user_is_as_small_as_its_fields() {
    let inner = Inner { id: 7, name: Some("ada".into()), ratio: 0.5, address: None };
    let names = "id".len() + "name".len() + "ratio".len() + "address".len();
    // Begin and end, a byte for each name; one for 7, one for `Some` and four for the text, nine, one.
    assert_eq!(bytes(&inner).len(), 2 + names + 4 + 1 + 5 + 9 + 1);
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Chain(Option<Box<Chain>>);

fn chain(len: u32) -> Chain {
    (0..len).fold(Chain(None), |chain, _| Chain(Some(Box::new(chain))))
}

#[test]
fn values_that_nest_too_deep_are_refused_and_do_not_use_up_the_stack() {
    // Each link is a struct and a `Some`.
    comes_back(&chain(DEPTH_MAX / 2 - 1));
    let error = encode(&chain(DEPTH_MAX / 2), &mut Vec::new()).unwrap_err();
    assert_eq!(error, "values nest deeper than the limit of 128 levels");
    let list = (0..DEPTH_MAX).fold(Value::Null, |list, _| Value::Array(vec![list]));
    comes_back(&list);
    encode(&[list], &mut Vec::new()).unwrap_err();
}

#[test]
fn what_does_not_fit_is_said() {
    let error = decode::<u8>(&mut bytes(&"seven").as_slice()).unwrap_err();
    assert_eq!(error, "invalid type: string \"seven\", expected u8");
    let error = decode::<u8>(&mut bytes(&256).as_slice()).unwrap_err();
    assert_eq!(error, "invalid value: integer `256`, expected u8");
    let error = decode::<(u8,)>(&mut bytes(&(1, 2)).as_slice()).unwrap_err();
    assert_eq!(error, "there is more in the saved state than its type asks for");
    let error = decode::<Outside>(&mut bytes(&"Something").as_slice()).unwrap_err();
    assert!(error.starts_with("unknown variant `Something`, expected one of"), "{error}");
    let error = decode::<Inner>(&mut [0x3f].as_slice()).unwrap_err();
    assert_eq!(error, "the saved state has a byte 0x3f where a value begins");
    assert!(
        decode::<u64>(&mut [[tag::INTEGER].as_slice(), &[0xff; 11]].concat().as_slice()).is_err()
    );
}

//! Every coding whole, in pieces, broken, and as a bomb.

use super::*;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

const TEXT: &[u8] = b"to be, or not to be, that is the question";
/// [`TEXT`] as Node's zlib compresses it.
const TEXT_BROTLI: &[u8] = &[
    0x1b, 0x28, 0x00, 0xf8, 0x1d, 0x07, 0x76, 0x8c, 0xec, 0xe5, 0x91, 0x13, 0xb4, 0x5e, 0x83, 0xd0,
    0xc9, 0xb1, 0xac, 0xb2, 0xb7, 0x12, 0x73, 0xcb, 0x42, 0x0c, 0x69, 0x28, 0x1f, 0x78, 0x82, 0xa1,
    0x29, 0xe6, 0x1d, 0xce, 0x58,
];
/// A million zeros.
const BOMB_BROTLI: &[u8] =
    &[0x5b, 0x3f, 0x42, 0x8f, 0x7f, 0x02, 0x20, 0x1e, 0x0b, 0x04, 0xf2, 0x73, 0x1e, 0x00];

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn raw(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

fn decode(codings: &[Coding], data: &[u8], piece: usize, max: u64) -> Result<Bytes, HttpError> {
    let mut decoder = Decoder::new(codings, true, max);
    for piece in data.chunks(piece) {
        decoder.push(piece)?;
    }
    decoder.finish()?;
    let body = decoder.take();
    assert_eq!(decoder.size(), body.len() as u64);
    Ok(body)
}

#[test]
fn every_coding_is_decoded_in_pieces_of_any_size() {
    use Coding::{Brotli, Deflate, Gzip, Zstd};
    let twice = [gzip(TEXT), gzip(TEXT)].concat();
    let padded = [gzip(TEXT), vec![0; 20]].concat();
    let skipped = [b"\x51\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(TEXT), zstd(TEXT)].concat();
    let long: Vec<u8> = (0..400_000u32).map(|number| (number / 7 % 251) as u8).collect();
    let cases = [
        (vec![], TEXT.to_vec(), TEXT.to_vec()),
        (vec![Gzip], gzip(TEXT), TEXT.to_vec()),
        (vec![Gzip], gzip(b""), Vec::new()),
        (vec![Gzip], vec![], Vec::new()),
        (vec![Gzip], twice, TEXT.repeat(2)),
        (vec![Gzip], padded, TEXT.to_vec()),
        (vec![Deflate], zlib(TEXT), TEXT.to_vec()),
        (vec![Deflate], raw(TEXT), TEXT.to_vec()),
        (vec![Brotli], TEXT_BROTLI.to_vec(), TEXT.to_vec()),
        (vec![Brotli], [TEXT_BROTLI, b"padding"].concat(), TEXT.to_vec()),
        (vec![Brotli], BOMB_BROTLI.to_vec(), vec![0; 1_000_000]),
        (vec![Brotli], vec![], Vec::new()),
        (vec![Zstd], zstd(TEXT), TEXT.to_vec()),
        (vec![Zstd], skipped, TEXT.repeat(2)),
        (vec![Zstd], zstd(&long), long),
        (vec![Gzip, Deflate], zlib(&gzip(TEXT)), TEXT.to_vec()),
        (vec![Brotli, Zstd, Gzip], gzip(&zstd(TEXT_BROTLI)), TEXT.to_vec()),
    ];
    for (number, (codings, data, expected)) in cases.into_iter().enumerate() {
        for piece in [1, 7, 1_000, usize::MAX] {
            let found = decode(&codings, &data, piece, 2_000_000);
            assert!(found.as_deref() == Ok(expected.as_slice()), "case {number}, {piece}");
        }
    }
}

#[test]
fn corrupt_data_and_bombs_are_errors() {
    use Coding::{Brotli, Deflate, Gzip, Zstd};
    let mut wrong_sum = gzip(TEXT);
    let at = wrong_sum.len() - 6;
    wrong_sum[at] ^= 1;
    let mut wrong_zstd = zstd(TEXT);
    let at = wrong_zstd.len() - 1;
    wrong_zstd[at] ^= 1;
    // A window of a gigabyte, as `zstd --long=30` wants.
    let wide = b"\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00".to_vec();
    let cases = [
        (Gzip, wrong_sum),
        (Gzip, gzip(TEXT)[..20].to_vec()),
        (Gzip, TEXT.to_vec()),
        (Deflate, zlib(TEXT)[..20].to_vec()),
        (Deflate, b"\x78not deflate".to_vec()),
        (Brotli, TEXT_BROTLI[..20].to_vec()),
        (Brotli, vec![0xff; 64]),
        (Zstd, wrong_zstd),
        (Zstd, zstd(TEXT)[..20].to_vec()),
        (Zstd, TEXT.to_vec()),
        (Zstd, [zstd(TEXT), b"padding".to_vec()].concat()),
        (Zstd, wide),
    ];
    for (number, (coding, data)) in cases.iter().enumerate() {
        let corrupt = Err(HttpError::Encoding(coding.name()));
        for piece in [1, 7, 1_000] {
            assert_eq!(decode(&[*coding], data, piece, 1_000), corrupt, "case {number}, {piece}");
        }
    }
    // 32 blocks, each of 128 KiB zeros in four bytes: how small a bomb can be.
    let head = b"\x28\xb5\x2f\xfd\x00\x58".to_vec();
    let zstd_bomb = [head, b"\x02\x00\x10\x00".repeat(32)].concat();
    let zeros = vec![0; 1_000_000];
    let bombs = [
        (vec![Gzip], gzip(&zeros)),
        (vec![Deflate], zlib(&zeros)),
        (vec![Brotli], BOMB_BROTLI.to_vec()),
        (vec![Zstd], zstd_bomb),
        (vec![Gzip, Gzip], gzip(&gzip(&zeros))),
    ];
    for (codings, bomb) in bombs {
        assert!(bomb.len() < 2_000);
        assert_eq!(decode(&codings, &bomb, 100, 1_000), Err(HttpError::BodyTooLarge(1_000)));
    }
}

/// A panic in a decoder would end the run.
#[test]
fn no_damage_to_coded_data_breaks_a_decoder() {
    let long: Vec<u8> = (0..3_000u32).map(|number| (number * number / 7) as u8).collect();
    let cases = [
        (Coding::Gzip, gzip(&long)),
        (Coding::Deflate, zlib(&long)),
        (Coding::Brotli, TEXT_BROTLI.to_vec()),
        (Coding::Zstd, zstd(&long)),
        (Coding::Zstd, zstd(TEXT)),
    ];
    // A generator of Knuth's: the same damage in every run.
    let mut random = 0x2545_F491_4F6C_DD1Du64;
    let mut below = move |end: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % end
    };
    for (coding, data) in cases {
        for _ in 0..600 {
            let mut damaged = data.clone();
            for _ in 0..=below(3) {
                let at = below(damaged.len());
                damaged[at] = below(256) as u8;
            }
            damaged.truncate(damaged.len() - below(damaged.len() / 2));
            let found = decode(&[coding], &damaged, 1 + below(200), 100_000);
            let expected = [HttpError::Encoding(coding.name()), HttpError::BodyTooLarge(100_000)];
            assert!(found.is_ok() || expected.contains(&found.unwrap_err()), "{coding:?}");
        }
    }
}

#[test]
fn the_header_names_the_codings_in_order() {
    use Coding::{Brotli, Gzip, Zstd};
    let codings = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_ENCODING, http::HeaderValue::from_static(value));
        }
        codings_of(&headers)
    };
    assert_eq!(codings(&[]), Ok(vec![]));
    assert_eq!(codings(&["GZip"]), Ok(vec![Gzip]));
    assert_eq!(codings(&["gzip, br", "identity,,zstd"]), Ok(vec![Gzip, Brotli, Zstd]));
    assert_eq!(codings(&["gzip, aes128gcm"]), Ok(vec![]));
    let text = "malformed response: too many content-encodings";
    assert_eq!(codings(&["br,br,br", "br,br,br"]).unwrap_err().message(), text);
}

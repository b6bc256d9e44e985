//! The envelope around every value: a format version, a checksum, the payload.
//!
//! The checksum covers the record's tree and key as well, so that a value found under a key it was
//! not written to counts as damaged.

use crate::store::StoreError;

use super::record;

/// The format this release writes, and the latest it reads.
const FORMAT: u8 = 1;

const HEADER: usize = 5;

/// Puts a payload into an envelope for this place.
pub(super) fn seal(tree: &str, key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEADER + payload.len());
    value.push(FORMAT);
    value.extend(checksum(tree, key, payload).to_be_bytes());
    value.extend(payload);
    value
}

/// Takes the payload out of the envelope found at this place.
pub(super) fn unseal<'a>(tree: &str, key: &[u8], value: &'a [u8]) -> Result<&'a [u8], StoreError> {
    let corrupt = |reason: &str| Err(StoreError::corrupt(record::name(tree, key), reason));
    let Some((&[format, a, b, c, d], payload)) = value.split_first_chunk::<HEADER>() else {
        return corrupt("it is too short");
    };
    match format {
        0 => return corrupt("it has no format version"),
        FORMAT => {}
        newer => {
            return Err(StoreError::Newer {
                record: record::name(tree, key),
                found: newer.into(),
                known: FORMAT.into(),
            });
        }
    }
    if u32::from_be_bytes([a, b, c, d]) != checksum(tree, key, payload) {
        return corrupt("its checksum is wrong");
    }
    Ok(payload)
}

fn checksum(tree: &str, key: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in [
        tree.as_bytes(),
        &[0],
        &(key.len() as u64).to_be_bytes(),
        key,
        payload,
    ] {
        hasher.update(part);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_comes_out_and_any_flipped_bit_is_noticed() {
        let sealed = seal("documents", b"setting\0theme", b"\"dark\"");
        assert_eq!(
            unseal("documents", b"setting\0theme", &sealed).unwrap(),
            b"\"dark\""
        );
        assert!(unseal("audit", b"setting\0theme", &sealed).is_err());
        assert!(unseal("documents", b"setting\0themf", &sealed).is_err());
        assert!(unseal("documents", b"setting\0theme", &sealed[..4]).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                unseal("documents", b"setting\0theme", &flipped).is_err(),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn what_a_later_release_wrote_is_refused_by_name() {
        let mut sealed = seal("documents", b"setting\0theme", b"1");
        sealed[0] = 2;
        let refused = unseal("documents", b"setting\0theme", &sealed).unwrap_err();
        assert!(matches!(
            refused,
            StoreError::Newer {
                found: 2,
                known: 1,
                ..
            }
        ));
        assert!(refused.to_string().contains("setting/theme"), "{refused}");
    }
}

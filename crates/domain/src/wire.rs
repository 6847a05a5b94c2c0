//! JSON as it leaves: byte for byte what `serde_json` writes, but texts that need no escape (nearly all) are copied
//! whole instead of byte by byte.

use std::fmt::{self, Display, Write};

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Error;

const BODY_BYTES_USUAL: usize = 2048;

/// The JSON of a value.
///
/// # Errors
/// A map whose keys are not texts, or what the value's own `Serialize` refuses.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(BODY_BYTES_USUAL);
    value.serialize(Json { out: &mut out })?;
    Ok(out)
}

struct Json<'o> {
    out: &'o mut Vec<u8>,
}

/// What is open: its elements so far, and what closes it.
struct Open<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
    close: &'static [u8],
}

impl<'o> Json<'o> {
    fn open(self, open: &[u8], close: &'static [u8]) -> Open<'o> {
        self.out.extend_from_slice(open);
        Open {
            out: self.out,
            first: true,
            close,
        }
    }

    /// `{"variant":`, and behind it what the variant holds.
    fn variant(self, variant: &str) -> Self {
        self.out.push(b'{');
        text(self.out, variant);
        self.out.push(b':');
        self
    }

    fn by_serde_json(self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        serde_json::to_writer(self.out, value)
    }
}

impl Open<'_> {
    fn next(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.next();
        value.serialize(Json { out: self.out })
    }

    /// The name of a field is a word of ours: nothing in it needs an escape.
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.next();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        value.serialize(Json { out: self.out })
    }

    fn close(self) -> Result<(), Error> {
        self.out.extend_from_slice(self.close);
        Ok(())
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escaped(out, text);
    out.push(b'"');
}

/// The text between quotes.
fn escaped(out: &mut Vec<u8>, text: &str) {
    if !needs_escape(text.as_bytes()) {
        return out.extend_from_slice(text.as_bytes());
    }
    let start = out.len();
    serde_json::to_writer(&mut *out, text).expect("a text can be written to memory");
    out.remove(start);
    out.pop();
}

/// Written so that many bytes are looked at at once.
fn needs_escape(bytes: &[u8]) -> bool {
    let escape = |byte: &u8| (*byte < b' ') | (*byte == b'"') | (*byte == b'\\');
    bytes.iter().fold(false, |found, byte| found | escape(byte))
}

/// Escapes what is displayed piece by piece.
struct Displayed<'o>(&'o mut Vec<u8>);

impl Write for Displayed<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        escaped(self.0, piece);
        Ok(())
    }
}

macro_rules! numbers {
    ($($name:ident: $number:ty),+) => {
        $(fn $name(self, value: $number) -> Result<(), Error> {
            self.by_serde_json(&value)
        })+
    };
}

impl<'o> Serializer for Json<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Open<'o>;
    type SerializeTuple = Open<'o>;
    type SerializeTupleStruct = Open<'o>;
    type SerializeTupleVariant = Open<'o>;
    type SerializeMap = Open<'o>;
    type SerializeStruct = Open<'o>;
    type SerializeStructVariant = Open<'o>;

    numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        text(self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let Json { out } = self.variant(variant);
        value.serialize(Json { out: &mut *out })?;
        out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'o>, Error> {
        Ok(self.open(b"[", b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'o>, Error> {
        Ok(self.open(b"[", b"]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Error> {
        Ok(self.open(b"[", b"]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'o>, Error> {
        Ok(self.variant(variant).open(b"[", b"]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'o>, Error> {
        Ok(self.open(b"{", b"}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Error> {
        Ok(self.open(b"{", b"}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'o>, Error> {
        Ok(self.variant(variant).open(b"{", b"}}"))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.out.push(b'"');
        write!(Displayed(self.out), "{value}").map_err(Error::custom)?;
        self.out.push(b'"');
        Ok(())
    }
}

macro_rules! elements {
    ($($name:ident::$element:ident),+) => {
        $(impl $name for Open<'_> {
            type Ok = ();
            type Error = Error;

            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })+
    };
}

elements! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field, SerializeTupleVariant::serialize_field
}

macro_rules! fields {
    ($($name:ident),+) => {
        $(impl $name for Open<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })+
    };
}

fields! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.next();
        let start = self.out.len();
        key.serialize(Json { out: self.out })?;
        match self.out.get(start) {
            Some(b'"') => Ok(()),
            _ => Err(Error::custom("expected a text as the key of a map")),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.out.push(b':');
        value.serialize(Json { out: self.out })
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;

    use super::to_vec;

    #[derive(Serialize)]
    enum Shape {
        Unit,
        New(i64),
        Tuple(u8, char),
        Struct { some: Option<f64>, none: Option<()> },
    }

    #[derive(Serialize)]
    struct Whole {
        text: String,
        texts: Vec<(String, bool)>,
        map: BTreeMap<String, Shape>,
        #[serde(flatten)]
        rest: BTreeMap<String, i128>,
    }

    fn shapes(text: &str, number: i64, float: f64) -> BTreeMap<String, Shape> {
        let some = Some(float);
        [
            ("a".to_owned(), Shape::Unit),
            (text.to_owned(), Shape::New(number)),
            (
                "c\"".to_owned(),
                Shape::Tuple(number.to_le_bytes()[0], text.chars().next().unwrap_or('\u{7f}')),
            ),
            ("d".to_owned(), Shape::Struct { some, none: None }),
        ]
        .into()
    }

    proptest! {
        #[test]
        fn it_writes_what_serde_json_writes(text in any::<String>(), ascii in "[ -~\\x00-\\x1f]{0,80}", number: i64, float: f64) {
            let whole = Whole {
                texts: vec![(ascii.clone(), true), (text.clone(), false)],
                map: shapes(&text, number, float),
                rest: [(ascii, i128::from(number))].into(),
                text,
            };
            prop_assert_eq!(to_vec(&whole).unwrap(), serde_json::to_vec(&whole).unwrap());
        }
    }

    #[test]
    fn a_displayed_text_is_escaped_too() {
        struct Shown;
        impl Serialize for Shown {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&format_args!("a\"{}\n{}", 1, "\\"))
            }
        }
        assert_eq!(to_vec(&Shown).unwrap(), br#""a\"1\n\\""#);
    }

    #[test]
    fn a_key_that_is_no_text_is_refused() {
        assert!(to_vec(&BTreeMap::from([(1, 2)])).is_err());
    }
}

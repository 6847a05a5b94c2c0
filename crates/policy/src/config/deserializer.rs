//! A tree read as a type. A text that spells a number or a truth value is one where the type wants one: `"${PARTITIONS:-6}"`.

use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::fault::{Fault, Site};
use super::node::{Body, Entry, Map, Node};

/// Reads `node` as a `T`.
pub(super) fn read<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, Fault> {
    placed(node, PhantomData)
}

/// A check of the type itself fails at its value, not at what holds the value.
fn placed<'de, S: DeserializeSeed<'de>>(node: &'de Node, seed: S) -> Result<S::Value, Fault> {
    seed.deserialize(Reader(node))
        .map_err(|fault| fault.at(Site::Node(node.id)))
}

#[derive(Clone, Copy)]
struct Reader<'a>(&'a Node);

impl<'de> Reader<'de> {
    fn any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.body {
            Body::Null => visitor.visit_unit(),
            Body::Bool(value) => visitor.visit_bool(*value),
            Body::Unsigned(value) => visitor.visit_u64(*value),
            Body::Signed(value) => visitor.visit_i64(*value),
            Body::Float(value) => visitor.visit_f64(*value),
            Body::Text(value) => visitor.visit_borrowed_str(value),
            Body::Seq(items) => visitor.visit_seq(Items(items.iter())),
            Body::Map(map) => visitor.visit_map(Entries::of(self.0.id, map)),
        }
    }

    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Body::Text(text) = &self.0.body else {
            return self.any(visitor);
        };
        if let Ok(value) = text.trim().parse::<u64>() {
            return visitor.visit_u64(value);
        }
        match (text.trim().parse::<i64>(), text.trim().parse::<f64>()) {
            (Ok(value), _) => visitor.visit_i64(value),
            (_, Ok(value)) => visitor.visit_f64(value),
            _ => self.any(visitor),
        }
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.body {
            Body::Bool(value) => visitor.visit_string(value.to_string()),
            Body::Unsigned(value) => visitor.visit_string(value.to_string()),
            Body::Signed(value) => visitor.visit_string(value.to_string()),
            Body::Float(value) => visitor.visit_string(value.to_string()),
            _ => self.any(visitor),
        }
    }

    fn placed<T>(self, result: Result<T, Fault>) -> Result<T, Fault> {
        result.map_err(|fault| fault.at(Site::Node(self.0.id)))
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.any(visitor))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let spelled = match &self.0.body {
            Body::Text(text) => text.trim().parse::<bool>().ok(),
            _ => None,
        };
        self.placed(match spelled {
            Some(value) => visitor.visit_bool(value),
            None => self.any(visitor),
        })
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.number(visitor))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.text(visitor))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(self.text(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.placed(match self.0.body {
            Body::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.placed(visitor.visit_newtype_struct(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.placed(match &self.0.body {
            Body::Text(text) => visitor.visit_enum(StrDeserializer::<Fault>::new(text)),
            Body::Map(map) if map.entries.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(Entries::of(self.0.id, map)))
            }
            _ => Err(Fault::invalid_type(Unexpected::Other("value"), &"one word")),
        })
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        self.0.next().map(|node| placed(node, seed)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'a> {
    map: usize,
    rest: std::slice::Iter<'a, Entry>,
    value: Option<&'a Node>,
}

impl<'a> Entries<'a> {
    fn of(map: usize, entries: &'a Map) -> Self {
        Self {
            map,
            rest: entries.entries.iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some(entry) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(&entry.value);
        let site = Site::Key {
            map: self.map,
            key: entry.key.clone(),
        };
        let key = seed.deserialize(StrDeserializer::<Fault>::new(&entry.key));
        key.map(Some).map_err(|fault| fault.at(site))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        match self.value.take() {
            Some(node) => placed(node, seed),
            None => Err(Fault::custom("a value was asked for before its key")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

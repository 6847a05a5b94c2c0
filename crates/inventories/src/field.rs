//! The task's fields that an inventory can fill, and how the words of inventories become values.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use reeve_domain::context::{
    Context, Criticality, Environment, IdentityClass, Knowledge, Owner, OwnerConfidence, Owners, Privilege,
    Vendor,
};
use reeve_domain::time::Timestamp;
use serde_json::Value;

const TEXT_CHARS_MAX: usize = 512;
const SAMPLE_MAX: usize = 10;

/// A field of the task's `context` or `owners`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Text(TextField),
    Time(TimeField),
    Environment,
    Criticality,
    IdentityClass,
    Privilege,
    DependentsCount,
    DependentsSample,
    ContractHours,
    Tags,
    Tag(String),
    Owner(Role),
}

/// Fields that are text as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextField {
    Application,
    BusinessProcess,
    System,
    DataClassification,
    RotationMethod,
    VendorName,
    VendorContact,
    VendorContract,
}

/// Fields that are points in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeField {
    Rotated,
    Expires,
    Used,
}

/// Which of the five an owner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Business,
    Resolver,
    Exception,
    Executive,
    CanRevoke,
}

/// Every field but single tags, by the name it has in tasks.
pub(crate) const FIELDS: [(&str, Field); 23] = [
    ("owners.resolver", Field::Owner(Role::Resolver)),
    ("owners.business", Field::Owner(Role::Business)),
    ("owners.exception", Field::Owner(Role::Exception)),
    ("owners.executive", Field::Owner(Role::Executive)),
    ("owners.can_revoke", Field::Owner(Role::CanRevoke)),
    ("application", Field::Text(TextField::Application)),
    ("business_process", Field::Text(TextField::BusinessProcess)),
    ("system", Field::Text(TextField::System)),
    ("environment", Field::Environment),
    ("criticality", Field::Criticality),
    ("data_classification", Field::Text(TextField::DataClassification)),
    ("identity_class", Field::IdentityClass),
    ("privilege", Field::Privilege),
    ("dependents.count", Field::DependentsCount),
    ("dependents.sample", Field::DependentsSample),
    ("rotation.method", Field::Text(TextField::RotationMethod)),
    ("rotation.last_rotated_at", Field::Time(TimeField::Rotated)),
    ("rotation.expires_at", Field::Time(TimeField::Expires)),
    ("last_used_at", Field::Time(TimeField::Used)),
    ("vendor.name", Field::Text(TextField::VendorName)),
    ("vendor.contact", Field::Text(TextField::VendorContact)),
    ("vendor.contract", Field::Text(TextField::VendorContract)),
    ("vendor.contract_hours", Field::ContractHours),
];

impl Field {
    /// The field of that name; `tags` is all of them, `tags.<name>` one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name == "tags" {
            return Some(Self::Tags);
        }
        if let Some(tag) = name.strip_prefix("tags.").filter(|tag| !tag.is_empty()) {
            return Some(Self::Tag(tag.to_owned()));
        }
        FIELDS
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, field)| field)
    }

    /// The facts in a value of an answer; none if the value does not say anything of this field.
    pub(crate) fn facts(&self, value: &Value) -> Vec<Fact> {
        match (self, value) {
            (Self::Tags, Value::Object(tags)) => tags
                .iter()
                .filter_map(|(name, value)| Some(Fact::Tag(clean(name)?, text(value)?)))
                .collect(),
            _ => self.fact(value).into_iter().collect(),
        }
    }

    fn fact(&self, value: &Value) -> Option<Fact> {
        match self {
            Self::Text(field) => text(value).map(|text| Fact::Text(*field, text)),
            Self::Time(field) => time(&text(value)?).map(|at| Fact::Time(*field, at)),
            Self::Environment => {
                known(Environment::folded(&text(value)?), Environment::Unknown).map(Fact::Environment)
            }
            Self::Criticality => {
                known(Criticality::folded(&text(value)?), Criticality::Unknown).map(Fact::Criticality)
            }
            Self::Privilege => {
                known(Privilege::folded(&text(value)?), Privilege::Unknown).map(Fact::Privilege)
            }
            Self::IdentityClass => identity_class(&text(value)?).map(Fact::IdentityClass),
            Self::DependentsCount => number(value).map(Fact::DependentsCount),
            Self::DependentsSample => sample(value).map(Fact::DependentsSample),
            Self::ContractHours => number(value).map(Fact::ContractHours),
            Self::Tag(name) => text(value).map(|text| Fact::Tag(name.clone(), text)),
            Self::Tags => None,
            Self::Owner(role) => plain_owner(value).map(|owner| Fact::Owner(*role, Box::new(owner))),
        }
    }
}

/// One thing an inventory says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    Text(TextField, String),
    Time(TimeField, Timestamp),
    Environment(Environment),
    Criticality(Criticality),
    IdentityClass(IdentityClass),
    Privilege(Privilege),
    DependentsCount(u64),
    DependentsSample(Vec<String>),
    ContractHours(u64),
    Tag(String, String),
    Owner(Role, Box<Owner>),
}

impl Fact {
    /// The field's name in tasks.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        let field = match self {
            Self::Tag(name, _) => return format!("tags.{name}").into(),
            Self::Text(field, _) => Field::Text(*field),
            Self::Time(field, _) => Field::Time(*field),
            Self::Environment(_) => Field::Environment,
            Self::Criticality(_) => Field::Criticality,
            Self::IdentityClass(_) => Field::IdentityClass,
            Self::Privilege(_) => Field::Privilege,
            Self::DependentsCount(_) => Field::DependentsCount,
            Self::DependentsSample(_) => Field::DependentsSample,
            Self::ContractHours(_) => Field::ContractHours,
            Self::Owner(role, _) => Field::Owner(*role),
        };
        FIELDS
            .iter()
            .find(|(_, known)| *known == field)
            .map_or("", |(name, _)| name)
            .into()
    }

    /// Fills the field unless a better inventory has; whether it did.
    pub(crate) fn fill(&self, knowledge: &mut Knowledge, inventory: &str, as_of: Timestamp) -> bool {
        let Knowledge { context, owners, .. } = knowledge;
        match self {
            Self::Text(field, text) => settle(text_place(context, *field), text),
            Self::Time(field, at) => settle(time_place(context, *field), at),
            Self::Environment(environment) => settle(&mut context.environment, environment),
            Self::Criticality(criticality) => settle(&mut context.criticality, criticality),
            Self::IdentityClass(class) => settle(&mut context.identity_class, class),
            Self::Privilege(privilege) => settle(&mut context.privilege, privilege),
            Self::ContractHours(hours) => settle(&mut vendor(context).contract_hours, hours),
            Self::DependentsCount(count) => {
                context.dependents.known = true;
                settle(&mut context.dependents.count, count)
            }
            Self::DependentsSample(sample) => {
                context.dependents.known = true;
                let empty = context.dependents.sample.is_empty();
                if empty {
                    context.dependents.sample.clone_from(sample);
                }
                empty
            }
            Self::Tag(name, value) => {
                let empty = !context.tags.contains_key(name);
                context.tags.entry(name.clone()).or_insert_with(|| value.clone());
                empty
            }
            Self::Owner(role, owner) => settle(owner_place(owners, *role), &said_by(owner, inventory, as_of)),
        }
    }
}

fn settle<T: Clone>(place: &mut Option<T>, value: &T) -> bool {
    let empty = place.is_none();
    place.get_or_insert_with(|| value.clone());
    empty
}

fn said_by(owner: &Owner, inventory: &str, as_of: Timestamp) -> Owner {
    Owner {
        source: inventory.to_owned(),
        as_of: Some(as_of),
        ..owner.clone()
    }
}

fn vendor(context: &mut Context) -> &mut Vendor {
    context.vendor.get_or_insert_with(Vendor::default)
}

fn text_place(context: &mut Context, field: TextField) -> &mut Option<String> {
    match field {
        TextField::Application => &mut context.application,
        TextField::BusinessProcess => &mut context.business_process,
        TextField::System => &mut context.system,
        TextField::DataClassification => &mut context.data_classification,
        TextField::RotationMethod => &mut context.rotation.method,
        TextField::VendorName => &mut vendor(context).name,
        TextField::VendorContact => &mut vendor(context).contact,
        TextField::VendorContract => &mut vendor(context).contract,
    }
}

fn time_place(context: &mut Context, field: TimeField) -> &mut Option<Timestamp> {
    match field {
        TimeField::Rotated => &mut context.rotation.last_rotated_at,
        TimeField::Expires => &mut context.rotation.expires_at,
        TimeField::Used => &mut context.last_used_at,
    }
}

fn owner_place(owners: &mut Owners, role: Role) -> &mut Option<Owner> {
    match role {
        Role::Business => &mut owners.business,
        Role::Resolver => &mut owners.resolver,
        Role::Exception => &mut owners.exception,
        Role::Executive => &mut owners.executive,
        Role::CanRevoke => &mut owners.can_revoke,
    }
}

/// An owner from its parts; without a reference the contact or the name stands for it, without any there is no owner.
pub(crate) fn owner(
    kind: Option<String>,
    reference: Option<String>,
    name: Option<String>,
    contact: Option<String>,
) -> Option<Owner> {
    let reference = reference.or_else(|| contact.clone()).or_else(|| name.clone())?;
    let kind = kind.unwrap_or_else(|| "team".to_owned());
    Some(Owner {
        kind,
        reference,
        name,
        contact,
        source: String::new(),
        rule: String::new(),
        confidence: OwnerConfidence::High,
        as_of: None,
    })
}

/// `{type, ref, name, contact}`, or a reference alone.
fn plain_owner(value: &Value) -> Option<Owner> {
    let part = |name| value.get(name).and_then(text);
    if value.is_object() {
        owner(part("type"), part("ref"), part("name"), part("contact"))
    } else {
        owner(None, text(value), None, None)
    }
}

/// A string, number or truth value as text of one line; none if it is empty.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => clean(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn clean(text: &str) -> Option<String> {
    let printable = text.trim().chars().filter(|character| !character.is_control());
    let cleaned: String = printable.take(TEXT_CHARS_MAX).collect();
    (!cleaned.is_empty()).then_some(cleaned)
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// RFC 3339, or a date alone: its first moment in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let midnight = |day: jiff::civil::Date| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
    let instant = text.parse::<Timestamp>().ok();
    instant.or_else(|| text.parse().ok().and_then(midnight).map(Timestamp::from))
}

/// Names, or objects with a `name` or `ref`; a text is a list separated by `;`.
fn sample(value: &Value) -> Option<Vec<String>> {
    let named = |item: &Value| text(item).or_else(|| text(item.get("name").or_else(|| item.get("ref"))?));
    let names: Vec<String> = match value {
        Value::Array(items) => items.iter().filter_map(named).take(SAMPLE_MAX).collect(),
        Value::String(list) => list.split(';').filter_map(clean).take(SAMPLE_MAX).collect(),
        _ => return None,
    };
    (!names.is_empty()).then_some(names)
}

/// A word that is not known says nothing: the next inventory may know.
fn known<T: PartialEq>(value: T, unknown: T) -> Option<T> {
    (value != unknown).then_some(value)
}

fn identity_class(word: &str) -> Option<IdentityClass> {
    let folded = word.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    IdentityClass::named(&folded).and_then(|class| known(class, IdentityClass::Unknown))
}

//! A stack: what is declared. Every `add` returns a typed handle, so a reference can only point
//! to what was added before.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;
use serde_json::Value;

use crate::Address;
use crate::input::{Needs, references};
use crate::owner::Owner;
use crate::{Handle, KindInfo, Kinds, Resource};

/// What is declared for one environment.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The stack's name, such as `pci-core`.
    pub name: String,
    /// The environment's suffix.
    pub suffix: String,
    resources: Vec<Declared>,
    /// The addresses of those: a stack may have thousands.
    known: HashSet<Address>,
    outputs: Vec<(String, Value)>,
    notes: Vec<String>,
    errors: Vec<StackError>,
}

/// One declared resource.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its address.
    pub address: Address,
    /// Its properties, references included.
    pub properties: Value,
    /// What has to exist before it though no property refers to it.
    pub after: BTreeSet<Address>,
}

/// An invalid stack definition.
#[derive(Clone, Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum StackError {
    #[error("{0} is declared twice")]
    Twice(Address),
    #[error("{0} refers to {1}, which is not declared before it")]
    Dangling(Address, Address),
    #[error("the properties of {0} cannot be written down: {1}")]
    Encode(Address, String),
    #[error("{0}")]
    Part(String),
    #[error("`{1}` of {0} {2}")]
    Value(Address, &'static str, String),
}

impl Stack {
    /// A stack with nothing in it.
    #[must_use]
    pub fn new(name: &str, suffix: &str) -> Self {
        let (name, suffix) = (name.to_owned(), suffix.to_owned());
        Self {
            name,
            suffix,
            resources: Vec::new(),
            known: HashSet::new(),
            outputs: Vec::new(),
            notes: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Declares `resource` under the logical name `name`.
    pub fn add<R: Resource>(&mut self, name: &str, resource: R) -> R::Ref {
        self.add_after(name, &[], resource)
    }

    /// Declares `resource`, to be made after `before` though no property refers to them.
    pub fn add_after<R: Resource>(
        &mut self,
        name: &str,
        before: &[&Address],
        resource: R,
    ) -> R::Ref {
        let address = Address::new(R::INFO.kind, name);
        match serde_json::to_value(&resource) {
            Ok(properties) => {
                let after = before.iter().copied().cloned().collect();
                self.declare(Declared { address: address.clone(), properties, after });
            }
            Err(source) => {
                self.errors.push(StackError::Encode(address.clone(), source.to_string()));
            }
        }
        R::Ref::new(address)
    }

    /// Declares a resource by its properties alone.
    pub fn declare(&mut self, declared: Declared) {
        let named = declared.dependencies().into_keys();
        let missing: Vec<Address> = named.filter(|address| !self.known.contains(address)).collect();
        if !self.known.insert(declared.address.clone()) {
            self.errors.push(StackError::Twice(declared.address.clone()));
        }
        for address in missing {
            self.errors.push(StackError::Dangling(declared.address.clone(), address));
        }
        self.resources.push(declared);
    }

    /// Declares an output of the stack: an input, or a list of them.
    pub fn output(&mut self, name: &str, value: &impl Serialize) {
        if let Ok(value) = serde_json::to_value(value) {
            self.outputs.push((name.to_owned(), value));
        }
    }

    /// Says that a part of it cannot be declared, and why.
    pub fn refuse(&mut self, why: String) {
        self.errors.push(StackError::Part(why));
    }

    /// Says something of what is, or is not, declared, for people who read the plan.
    pub fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    /// What is declared, in the order of declaration, which is an order of dependency too.
    #[must_use]
    pub fn resources(&self) -> &[Declared] {
        &self.resources
    }

    /// The outputs, in the order of declaration.
    #[must_use]
    pub fn outputs(&self) -> &[(String, Value)] {
        &self.outputs
    }

    /// What people are told of what is declared.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is wrong with it.
    #[must_use]
    pub fn errors(&self) -> &[StackError] {
        &self.errors
    }

    /// Whether the stack is sound.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), StackError> {
        self.errors.first().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Whether the values that are known are what their kinds take. What is to be deleted need not
    /// fit: a kind may take less than it did.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check_values(&self, kinds: &Kinds) -> Result<(), StackError> {
        for Declared { address, properties, .. } in &self.resources {
            let Some(kind) = kinds.get(address.kind()) else { continue };
            for property in kind.details {
                let value = properties.get(property.name).unwrap_or(&Value::Null);
                let checked = property.constraint.check(value);
                checked.map_err(|why| StackError::Value(address.clone(), property.name, why))?;
            }
        }
        Ok(())
    }
}

impl Declared {
    /// What it refers to, and how far each must have come.
    #[must_use]
    pub fn dependencies(&self) -> BTreeMap<Address, Needs> {
        let mut all: BTreeMap<Address, Needs> =
            self.after.iter().map(|address| (address.clone(), Needs::Ready)).collect();
        for reference in references(&self.properties) {
            let needs = all.entry(reference.address).or_insert(reference.needs);
            *needs = reference.needs.max(*needs);
        }
        all
    }

    /// The properties with the ownership tags, for a kind that carries tags.
    #[must_use]
    pub fn owned(&self, owner: &Owner, kind: &KindInfo) -> Value {
        let mut properties = self.properties.clone();
        let tags = kind.tags.and_then(|tags| properties.get_mut(tags));
        if let Some(Value::Object(tags)) = tags {
            let ownership = owner.tags(&self.address);
            tags.extend(ownership.into_iter().map(|(name, value)| (name, Value::String(value))));
        }
        properties
    }
}

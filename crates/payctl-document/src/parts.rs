//! Parts: several resources that belong together, declared with one table.

mod function;
mod part;
mod queue;

use schemars::generate::SchemaSettings;
use serde_json::{Value as Json, json};

use self::part::{Made, Part};
use crate::item::Item;
use crate::shape::Shape;
use crate::tree::Node;

/// What there is of a part.
pub(crate) struct Known {
    name: &'static str,
    resources: fn(&Json, &str) -> Result<Made, String>,
    schema: fn() -> Json,
}

const fn known<P: Part>(name: &'static str) -> Known {
    Known {
        name,
        resources: |given, logical| {
            let part = P::deserialize(given).map_err(|error| error.to_string())?;
            part.resources(logical)
        },
        schema: || {
            let settings = SchemaSettings::draft2020_12();
            settings.into_generator().into_root_schema_for::<P>().to_value()
        },
    }
}

const ALL: [Known; 2] = [known::<function::Function>("function"), known::<queue::Queue>("queue")];

/// What parts are called.
pub(crate) const NAMES: [&str; ALL.len()] = [ALL[0].name, ALL[1].name];

/// The part of that name.
pub(crate) fn named(name: &str) -> Option<&'static Known> {
    static KNOWN: [Known; ALL.len()] = ALL;
    KNOWN.iter().find(|known| known.name == name)
}

impl Known {
    /// The schema of its parameters.
    fn schema(&self) -> Json {
        let mut schema = (self.schema)();
        schema["additionalProperties"] = json!(false);
        schema
    }

    /// What its parameters have to be.
    pub(crate) fn shape(&self) -> Shape {
        Shape::new(self.schema())
    }

    /// The resources that it is made of.
    ///
    /// # Errors
    /// Why it cannot be made with these parameters.
    pub(crate) fn resources(&self, given: &Json, logical: &str) -> Result<Made, String> {
        (self.resources)(given, logical)
    }
}

/// The schema of the parameters of each part.
pub(crate) fn schemas() -> impl Iterator<Item = (&'static str, Json)> {
    ALL.into_iter().map(|known| (known.name, known.schema()))
}

/// The handlers that a part names, and zips as `zip:PATH`.
pub(crate) fn handlers(item: &Item) -> impl Iterator<Item = String> {
    let text = |name: &str| item.properties.get(name).and_then(Node::text).map(str::to_owned);
    text("handler").into_iter().chain(text("zip").map(|path| format!("zip:{path}")))
}

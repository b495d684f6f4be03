//! Systems Manager's bulk reads: parameters, by name.

use std::collections::HashMap;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::{self, ParameterStringFilter};

use crate::load::Loader;
use crate::{Present as _, Result};

/// Bulk reads of parameters, by name: what they are, and what they are listed with, which lags
/// behind and tells the description.
pub(crate) type Parameters = Loader<(types::Parameter, Option<types::ParameterMetadata>)>;

/// As many as `GetParameters` takes.
const AT_ONCE: usize = 10;

/// The bulk reads of one client.
pub(crate) fn parameters(client: &Client) -> Parameters {
    let client = client.clone();
    Loader::new(move |names: Vec<String>| {
        let client = client.clone();
        async move {
            let mut all = HashMap::new();
            for names in names.chunks(AT_ONCE) {
                let request = client.get_parameters().set_names(Some(names.to_vec()));
                let (seen, mut listed) =
                    futures::try_join!(async { Ok(request.send().await?) }, list(&client, names))?;
                for parameter in seen.parameters.unwrap_or_default() {
                    let name = parameter.name.clone().present("name")?;
                    let listed = listed.remove(&name);
                    all.insert(name, (parameter, listed));
                }
            }
            Result::Ok(all)
        }
    })
}

async fn list(
    client: &Client,
    names: &[String],
) -> Result<HashMap<String, types::ParameterMetadata>> {
    let by_name = ParameterStringFilter::builder().key("Name").option("Equals");
    let by_name = by_name.set_values(Some(names.to_vec())).build()?;
    let mut pages = client.describe_parameters().parameter_filters(by_name).into_paginator().send();
    let mut all = HashMap::new();
    while let Some(page) = pages.next().await {
        let listed = page?.parameters.unwrap_or_default().into_iter();
        all.extend(listed.filter_map(|one| Some((one.name.clone()?, one))));
    }
    Ok(all)
}

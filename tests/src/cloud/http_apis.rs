//! What exists of HTTP APIs and VPC links.

use payctl_aws::Aws;

use super::Inventory;

impl Inventory {
    pub(super) async fn http_apis(&mut self, aws: &Aws) {
        let client = &aws.apigatewayv2;
        for api in client.get_apis().send().await.unwrap().items() {
            let (id, name) = (api.api_id().unwrap(), api.name().unwrap_or_default());
            let cors = api.cors_configuration().is_some();
            self.add("apigatewayv2.api", &format!("{name}, CORS {cors}"));
            let integrations = client.get_integrations().api_id(id).send().await.unwrap();
            for one in integrations.items() {
                let to = one.integration_uri().unwrap_or_default().rsplit(':').next().unwrap();
                // A listener's ARN ends in ids.
                let to = to.split('/').take(3).collect::<Vec<_>>().join("/");
                self.add("apigatewayv2.integration", &format!("{name} to {to}"));
            }
            for route in client.get_routes().api_id(id).send().await.unwrap().items() {
                let leads = if route.target().is_some() { "" } else { ", to nothing" };
                let key = route.route_key().unwrap_or_default();
                self.add("apigatewayv2.route", &format!("{name} {key}{leads}"));
            }
            for stage in client.get_stages().api_id(id).send().await.unwrap().items() {
                let logs = stage.access_log_settings().is_some();
                let stage = stage.stage_name().unwrap_or_default();
                self.add("apigatewayv2.stage", &format!("{name} {stage}, logs {logs}"));
            }
        }
        // Not every emulator knows them.
        if let Ok(links) = client.get_vpc_links().send().await {
            for link in links.items() {
                let subnets = link.subnet_ids().len();
                let name = link.name().unwrap_or_default();
                self.add("apigatewayv2.vpc_link", &format!("{name} in {subnets} subnets"));
            }
        }
    }
}

//! What exists, asked of the emulator itself with the AWS SDK, never of payctl.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ec2::types::{Filter, NatGatewayState, Tag};
use aws_sdk_iam::types::PolicyScopeType;
use aws_sdk_kms::types::KeyState;
use aws_sdk_wafv2::types::{ResourceType, Scope};
use payctl_aws::{Artifacts, Aws, Connection};

use crate::emulator::Server;

mod balancing;
mod databases;
mod http_apis;
mod platform;

/// The SDK's clients for `server`.
pub async fn clients(server: &Server) -> Aws {
    let connection = Connection::open(&server.reach()).await.unwrap();
    let facts = Arc::new(connection.facts().await.unwrap());
    connection.retrying(&facts, &Arc::new(Artifacts::default()))
}

/// Everything of the types that payctl makes, by type and name, attachments included. What is
/// there twice is listed twice. Keys on their way out are not there any more: [`keys`] has them.
pub async fn everything(aws: &Aws) -> BTreeSet<String> {
    let mut all = Inventory::default();
    let vpcs = all.network(aws).await;
    all.gateways(aws, &vpcs).await;
    all.routing(aws, &vpcs).await;
    all.logging(aws, &vpcs).await;
    all.storage(aws).await;
    all.functions(aws).await;
    all.identity(aws).await;
    all.apis(aws).await;
    all.http_apis(aws).await;
    all.web_acls(aws).await;
    all.balancing(aws).await;
    all.messages(aws).await;
    all.values(aws).await;
    all.instances(aws).await;
    all.databases(aws).await;
    all.watching(aws).await;
    all.0
}

/// Every customer-managed key by its id, and its state.
pub async fn keys(aws: &Aws) -> BTreeMap<String, KeyState> {
    let mut keys = BTreeMap::new();
    for entry in aws.kms.list_keys().send().await.unwrap().keys.unwrap_or_default() {
        let id = entry.key_id.unwrap();
        let reply = aws.kms.describe_key().key_id(&id).send().await.unwrap();
        let key = reply.key_metadata.unwrap();
        // Made with the first volume, and AWS's own, though moto says otherwise.
        let of_volumes = key.description().is_some_and(|text| text.starts_with("Default master"));
        if key.key_manager != Some(aws_sdk_kms::types::KeyManagerType::Aws) && !of_volumes {
            keys.insert(id, key.key_state.unwrap());
        }
    }
    keys
}

/// What is missing in `after`, and what it has beyond `before`.
pub fn difference(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<String> {
    let missing = before.difference(after).map(|name| format!("- {name}"));
    missing.chain(after.difference(before).map(|name| format!("+ {name}"))).collect()
}

#[derive(Default)]
struct Inventory(BTreeSet<String>);

/// The names of the VPCs that are not the account's own.
type Vpcs = BTreeMap<String, String>;

impl Inventory {
    fn add(&mut self, kind: &str, name: &str) {
        let mut line = format!("{kind} {name}");
        for nth in 2.. {
            if self.0.insert(line.clone()) {
                return;
            }
            line = format!("{kind} {name} #{nth}");
        }
    }

    async fn network(&mut self, aws: &Aws) -> Vpcs {
        let reply = aws.ec2.describe_vpcs().send().await.unwrap();
        let ours = reply.vpcs().iter().filter(|vpc| vpc.is_default() != Some(true));
        let vpcs: Vpcs = ours
            .map(|vpc| (vpc.vpc_id().unwrap().to_owned(), name(vpc.tags(), vpc.cidr_block())))
            .collect();
        for vpc in vpcs.values() {
            self.add("ec2.vpc", vpc);
        }
        for subnet in aws.ec2.describe_subnets().send().await.unwrap().subnets() {
            if vpcs.contains_key(subnet.vpc_id().unwrap_or_default()) {
                let cidr = subnet.cidr_block().unwrap_or_default();
                let name = name(subnet.tags(), subnet.subnet_id());
                self.add("ec2.subnet", &format!("{name} {cidr}"));
            }
        }
        for group in aws.ec2.describe_security_groups().send().await.unwrap().security_groups() {
            if let Some(vpc) = vpcs.get(group.vpc_id().unwrap_or_default()) {
                let (name, into, out) = (
                    group.group_name().unwrap_or_default(),
                    group.ip_permissions().len(),
                    group.ip_permissions_egress().len(),
                );
                self.add("ec2.security_group", &format!("{vpc} {name}: {into} in, {out} out"));
            }
        }
        for acl in aws.ec2.describe_network_acls().send().await.unwrap().network_acls() {
            if let Some(vpc) = vpcs.get(acl.vpc_id().unwrap_or_default()) {
                self.add("ec2.network_acl", &format!("{vpc}: {} entries", acl.entries().len()));
            }
        }
        for card in aws.ec2.describe_network_interfaces().send().await.unwrap().network_interfaces()
        {
            if let Some(vpc) = vpcs.get(card.vpc_id().unwrap_or_default()) {
                let what = card.description().unwrap_or_default();
                let what = what.split_whitespace().next().unwrap_or_default();
                self.add("ec2.network_interface", &format!("{vpc} {what}"));
            }
        }
        vpcs
    }

    async fn gateways(&mut self, aws: &Aws, vpcs: &Vpcs) {
        for gateway in
            aws.ec2.describe_internet_gateways().send().await.unwrap().internet_gateways()
        {
            let to: Vec<&str> = gateway.attachments().iter().filter_map(|a| a.vpc_id()).collect();
            if to.is_empty() || to.iter().any(|vpc| vpcs.contains_key(*vpc)) {
                let name = name(gateway.tags(), gateway.internet_gateway_id());
                let to: Vec<&str> = to.iter().map(|vpc| vpcs[*vpc].as_str()).collect();
                self.add("ec2.internet_gateway", &format!("{name} at {}", to.join(", ")));
            }
        }
        for address in aws.ec2.describe_addresses().send().await.unwrap().addresses() {
            self.add("ec2.elastic_ip", &name(address.tags(), address.allocation_id()));
        }
        for gateway in aws.ec2.describe_nat_gateways().send().await.unwrap().nat_gateways() {
            if gateway.state() != Some(&NatGatewayState::Deleted) {
                self.add("ec2.nat_gateway", &name(gateway.tags(), gateway.nat_gateway_id()));
            }
        }
        for endpoint in aws.ec2.describe_vpc_endpoints().send().await.unwrap().vpc_endpoints() {
            // AWS writes it in lower case, as its own model does not.
            let gone = endpoint.state().is_some_and(|s| s.as_str().eq_ignore_ascii_case("deleted"));
            if !gone {
                let (tables, service) = (endpoint.route_table_ids().len(), endpoint.service_name());
                let name = name(endpoint.tags(), service);
                self.add("ec2.vpc_endpoint", &format!("{name} at {tables} tables"));
            }
        }
    }

    async fn routing(&mut self, aws: &Aws, vpcs: &Vpcs) {
        for table in aws.ec2.describe_route_tables().send().await.unwrap().route_tables() {
            let Some(vpc) = vpcs.get(table.vpc_id().unwrap_or_default()) else { continue };
            // A VPC's main table has no name.
            let name = format!("{vpc} {}", name(table.tags(), Some("main")));
            self.add("ec2.route_table", &name);
            for route in table.routes() {
                let to = route.destination_cidr_block().or(route.destination_prefix_list_id());
                let through = route.gateway_id().or(route.nat_gateway_id()).unwrap_or_default();
                let through = through.split('-').next().unwrap_or_default();
                if let Some(to) = to.filter(|to| !to.starts_with("pl-")) {
                    self.add("ec2.route", &format!("{name}: {to} through {through}"));
                }
            }
            let subnets = table.associations().iter().filter(|one| one.subnet_id().is_some());
            for _ in subnets {
                self.add("ec2.route_table_association", &name);
            }
        }
    }

    async fn logging(&mut self, aws: &Aws, vpcs: &Vpcs) {
        for log in aws.ec2.describe_flow_logs().send().await.unwrap().flow_logs() {
            let vpc = vpcs.get(log.resource_id().unwrap_or_default());
            self.add("ec2.flow_log", vpc.map_or("of nothing", String::as_str));
        }
        let apis = aws.apigateway.get_rest_apis().send().await.unwrap();
        for group in aws.logs.describe_log_groups().send().await.unwrap().log_groups() {
            let days = group.retention_in_days().unwrap_or_default();
            let mut name = group.log_group_name().unwrap().to_owned();
            // API Gateway's own, made with the account's role, and staying as that does.
            if name == "/aws/apigateway/welcome" {
                continue;
            }
            // An API's id is another one each time.
            for api in apis.items() {
                name = name.replace(api.id().unwrap(), api.name().unwrap_or_default());
            }
            self.add("logs.group", &format!("{name}: {days}"));
        }
        for trail in aws.cloudtrail.describe_trails().send().await.unwrap().trail_list() {
            self.add("cloudtrail.trail", trail.name().unwrap());
        }
        for alarm in aws.cloudwatch.describe_alarms().send().await.unwrap().metric_alarms() {
            // Those of a target tracking policy are Auto Scaling's, and end in another id each time.
            let name = alarm.alarm_name().unwrap();
            let tracked = name.strip_prefix("TargetTracking-").and_then(|name| name.get(..24));
            self.add("cloudwatch.alarm", tracked.unwrap_or(name));
        }
    }

    async fn storage(&mut self, aws: &Aws) {
        for bucket in aws.s3.list_buckets().send().await.unwrap().buckets() {
            let name = bucket.name().unwrap();
            let request = aws.s3.get_bucket_notification_configuration().bucket(name);
            let to = request.send().await.unwrap().lambda_function_configurations().len();
            self.add("s3.bucket", &format!("{name}: {to} notifications"));
        }
        for table in aws.dynamodb.list_tables().send().await.unwrap().table_names() {
            self.add("dynamodb.table", table);
        }
        for (id, state) in keys(aws).await {
            if state != KeyState::PendingDeletion {
                let reply = aws.kms.describe_key().key_id(&id).send().await.unwrap();
                let key = reply.key_metadata.unwrap();
                let name = key.description.unwrap_or_default();
                self.add("kms.key", &format!("{name} {state}"));
            }
        }
        for alias in aws.kms.list_aliases().send().await.unwrap().aliases() {
            let name = alias.alias_name().unwrap();
            if !name.starts_with("alias/aws/") {
                self.add("kms.alias", name);
            }
        }
    }

    async fn functions(&mut self, aws: &Aws) {
        for function in aws.lambda.list_functions().send().await.unwrap().functions() {
            let name = function.function_name().unwrap();
            let policy = aws.lambda.get_policy().function_name(name).send().await.ok();
            let policy = policy.and_then(|reply| reply.policy).unwrap_or_default();
            let allowed = policy.matches("\"Sid\"").count();
            self.add("lambda.function", &format!("{name}: {allowed} permissions"));
        }
    }

    async fn identity(&mut self, aws: &Aws) {
        for role in aws.iam.list_roles().send().await.unwrap().roles() {
            // What is the account's comes with the first environment and stays.
            let accounts = role.role_name().starts_with("payctl-");
            if !role.path().starts_with("/aws-service-role/") && !accounts {
                let name = role.role_name();
                let inline = aws.iam.list_role_policies().role_name(name).send().await.unwrap();
                let managed = aws.iam.list_attached_role_policies().role_name(name);
                let managed = managed.send().await.unwrap();
                let policies = inline.policy_names().len() + managed.attached_policies().len();
                self.add("iam.role", &format!("{name}: {policies} policies"));
            }
        }
        let ours = aws.iam.list_policies().scope(PolicyScopeType::Local);
        for policy in ours.send().await.unwrap().policies() {
            self.add("iam.policy", policy.policy_name().unwrap_or_default());
        }
    }

    async fn apis(&mut self, aws: &Aws) {
        let client = &aws.apigateway;
        for api in client.get_rest_apis().send().await.unwrap().items() {
            let (id, name) = (api.id().unwrap(), api.name().unwrap_or_default());
            self.add("apigateway.rest_api", name);
            let resources = client.get_resources().rest_api_id(id).send().await.unwrap();
            for resource in resources.items() {
                let methods = resource.resource_methods().into_iter().flatten();
                for (method, about) in methods {
                    let path = resource.path().unwrap_or_default();
                    let to = about.method_integration().is_some();
                    let line = format!("{name} {method} {path}, integrated {to}");
                    self.add("apigateway.method", &line);
                }
            }
            let models = client.get_models().rest_api_id(id).send().await.unwrap();
            for model in models.items() {
                let model = model.name().unwrap_or_default();
                self.add("apigateway.model", &format!("{name} {model}"));
            }
            let validators = client.get_request_validators().rest_api_id(id);
            for validator in validators.send().await.unwrap().items() {
                let validator = validator.name().unwrap_or_default();
                self.add("apigateway.request_validator", &format!("{name} {validator}"));
            }
            let deployments = client.get_deployments().rest_api_id(id).send().await.unwrap();
            for _ in deployments.items() {
                self.add("apigateway.deployment", name);
            }
            let stages = client.get_stages().rest_api_id(id).send().await.unwrap();
            for stage in stages.item() {
                let stage = stage.stage_name().unwrap_or_default();
                self.add("apigateway.stage", &format!("{name} {stage}"));
            }
        }
    }

    async fn web_acls(&mut self, aws: &Aws) {
        let (client, scope) = (&aws.wafv2, Scope::Regional);
        let all = client.list_web_acls().scope(scope.clone()).send().await.unwrap();
        for found in all.web_acls() {
            let (arn, name) = (found.arn().unwrap(), found.name().unwrap());
            let mut at = 0;
            for kind in [ResourceType::ApiGateway, ResourceType::ApplicationLoadBalancer] {
                let behind = client.list_resources_for_web_acl().web_acl_arn(arn);
                let behind = behind.resource_type(kind).send().await;
                at += behind.map_or(0, |reply| reply.resource_arns().len());
            }
            let logs = client.get_logging_configuration().resource_arn(arn).send().await.is_ok();
            self.add("wafv2.web_acl", &format!("{name} before {at}, logs {logs}"));
        }
    }
}

/// The `Name` tag, or what else it is called.
fn name(tags: &[Tag], otherwise: Option<&str>) -> String {
    let tag = tags.iter().find(|tag| tag.key() == Some("Name")).and_then(Tag::value);
    tag.or(otherwise).unwrap_or_default().to_owned()
}

/// The filter that finds what carries the tag `Name`.
pub fn named(name: &str) -> Filter {
    Filter::builder().name("tag:Name").values(name).build()
}

//! What exists of databases.

use payctl_aws::Aws;

use super::Inventory;

impl Inventory {
    pub(super) async fn databases(&mut self, aws: &Aws) {
        let clusters = aws.rds.describe_db_clusters().send().await.unwrap();
        for cluster in clusters.db_clusters() {
            let (name, members) =
                (cluster.db_cluster_identifier().unwrap(), cluster.db_cluster_members().len());
            let status = cluster.status().unwrap_or_default();
            self.add("rds.cluster", &format!("{name}: {members} instances, {status}"));
        }
        let instances = aws.rds.describe_db_instances().send().await.unwrap();
        for instance in instances.db_instances() {
            let name = instance.db_instance_identifier().unwrap();
            let status = instance.db_instance_status().unwrap_or_default();
            self.add("rds.instance", &format!("{name}: {status}"));
        }
        let groups = aws.rds.describe_db_subnet_groups().send().await.unwrap();
        for group in groups.db_subnet_groups() {
            let (name, subnets) = (group.db_subnet_group_name().unwrap(), group.subnets().len());
            // The account's own.
            if name != "default" {
                self.add("rds.subnet_group", &format!("{name}: {subnets} subnets"));
            }
        }
        let groups = aws.rds.describe_db_cluster_parameter_groups().send().await.unwrap();
        for group in groups.db_cluster_parameter_groups() {
            let name = group.db_cluster_parameter_group_name().unwrap();
            if !name.starts_with("default.") {
                self.add("rds.cluster_parameter_group", name);
            }
        }
        // One emulator has none.
        let subscriptions = aws.rds.describe_event_subscriptions().send().await;
        for subscription in subscriptions.iter().flat_map(|all| all.event_subscriptions_list()) {
            let name = subscription.cust_subscription_id().unwrap();
            self.add("rds.event_subscription", name);
        }
        let snapshots = aws.rds.describe_db_cluster_snapshots().send().await.unwrap();
        for snapshot in snapshots.db_cluster_snapshots() {
            let name = snapshot.db_cluster_snapshot_identifier().unwrap();
            // The time is part of the name of those that AWS makes by itself.
            match snapshot.snapshot_type() {
                Some("automated") => {
                    let cluster = snapshot.db_cluster_identifier().unwrap();
                    self.add("rds.cluster_snapshot", &format!("of {cluster}, automated"));
                }
                _ => self.add("rds.cluster_snapshot", name),
            }
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_schema.h"

/* What several types share, innermost first: service, output (it has a destination), roles. */

static const struct config_key service_keys[] = {
    {"type", CONFIG_TEXT, CONFIG_ELSEWHERE | CONFIG_REQUIRED, .help = "the kind of service"},
    {"name", CONFIG_TEXT, .help = "its name in messages and diagnostics",
     CONFIG_KEEP(struct config_service, name), CONFIG_PLACE(struct config_service, at_name)},
    {"credential_ttl", CONFIG_DURATION, CONFIG_POSITIVE, .help = "its own lifetime of certificates",
     CONFIG_KEEP(struct config_service, credential_ttl)},
    {"renewal_interval", CONFIG_DURATION, CONFIG_POSITIVE, .help = "its own time between renewals",
     CONFIG_KEEP(struct config_service, renewal_interval)},
};
static const struct config_section service = {"every service", CONFIG_KEYS(service_keys)};

static const char *const signal_choices[] = {
    [CONFIG_SIGNAL_HUP] = "HUP",     [CONFIG_SIGNAL_INT] = "INT",
    [CONFIG_SIGNAL_QUIT] = "QUIT",   [CONFIG_SIGNAL_TERM] = "TERM",
    [CONFIG_SIGNAL_USR1] = "USR1",   [CONFIG_SIGNAL_USR2] = "USR2",
    [CONFIG_SIGNAL_WINCH] = "WINCH", NULL,
};
static const struct config_key hook_keys[] = {
    {"command", CONFIG_TEXTS, CONFIG_OURS, .help = "a program, by absolute path, and its arguments",
     CONFIG_KEEP(struct config_hook, command), CONFIG_PLACE(struct config_hook, at_command)},
    {"timeout", CONFIG_DURATION, CONFIG_OURS | CONFIG_POSITIVE,
     .help = "how long the command may take, 10s", CONFIG_KEEP(struct config_hook, timeout),
     CONFIG_PLACE(struct config_hook, at_timeout)},
    {"pid_file", CONFIG_TEXT, CONFIG_OURS, .help = "or the file that names a process to signal",
     CONFIG_KEEP(struct config_hook, pid_file), CONFIG_PLACE(struct config_hook, at_pid_file)},
    {"signal", CONFIG_CHOICE, CONFIG_OURS, .help = "which signal it gets, HUP",
     .choices = signal_choices, CONFIG_KEEP(struct config_hook, signal),
     CONFIG_PLACE(struct config_hook, at_signal)},
};
static const struct config_section hook = {"reload", CONFIG_KEYS(hook_keys)};

static const struct config_key output_keys[] = {
    {"destination", CONFIG_DESTINATION, CONFIG_REQUIRED, .help = "where its files go",
     CONFIG_KEEP(struct config_service, destination)},
    {"reload", CONFIG_SECTION, CONFIG_OURS, .help = "who is told when the files have changed",
     .section = &hook, CONFIG_KEEP(struct config_service, hook),
     CONFIG_PLACE(struct config_service, at_hook)},
};
static const struct config_section output = {"every output", CONFIG_KEYS(output_keys), &service};

static const struct config_key roles_keys[] = {
    {"roles", CONFIG_TEXTS, .help = "roles to take on; empty: all of the bot's",
     CONFIG_KEEP(struct config_service, roles)},
};
static const struct config_section role_output = {"every output with roles",
                                                  CONFIG_KEYS(roles_keys), &output};
static const struct config_section role_service = {"every service with roles",
                                                   CONFIG_KEYS(roles_keys), &service};

static const struct config_key identity_keys[] = {
    {"cluster", CONFIG_TEXT, .help = "a leaf cluster", CONFIG_KEEP(struct config_service, cluster)},
    {"ssh_config", CONFIG_ON_OFF, .help = "write ssh_config, on by default",
     CONFIG_KEEP(struct config_service, ssh_config)},
    {"allow_reissue", CONFIG_BOOL, .help = "let the identity ask for further certificates",
     CONFIG_KEEP(struct config_service, allow_reissue)},
};
static const struct config_section identity = {"identity", CONFIG_KEYS(identity_keys),
                                               &role_output};

static const struct config_key application_keys[] = {
    {"app_name", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the application"},
    {"specific_tls_naming", CONFIG_BOOL, .help = "also write tls.crt, tls.key and tls.cas"},
};
static const struct config_section application = {"application", CONFIG_KEYS(application_keys),
                                                  &role_output};

static const char *const database_formats[] = {"", "tls", "mongo", "cockroach", NULL};
static const struct config_key database_keys[] = {
    {"service", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the database service"},
    {"database", CONFIG_TEXT, .help = "the database inside it"},
    {"username", CONFIG_TEXT, .help = "the user there"},
    {"format", CONFIG_CHOICE, .help = "names and forms of the files", .choices = database_formats},
};
static const struct config_section database = {"database", CONFIG_KEYS(database_keys),
                                               &role_output};

static const struct config_key kubernetes_keys[] = {
    {"kubernetes_cluster", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the Kubernetes cluster"},
    {"disable_exec_plugin", CONFIG_BOOL, .help = "put the credentials into the file itself"},
};
static const struct config_section kubernetes = {"kubernetes", CONFIG_KEYS(kubernetes_keys),
                                                 &role_output};

static const struct config_key kubernetes_selector_keys[] = {
    {"name", CONFIG_TEXT, .help = "one cluster by name"},
    {"labels", CONFIG_LABELS, .help = "or all with these labels"},
    {"default_namespace", CONFIG_TEXT, .help = "namespace of the context"},
};
static const struct config_section kubernetes_selector = {"selectors",
                                                          CONFIG_KEYS(kubernetes_selector_keys)};

static const struct config_key kubernetes_v2_keys[] = {
    {"selectors", CONFIG_SECTIONS, CONFIG_REQUIRED, .help = "which Kubernetes clusters",
     .section = &kubernetes_selector},
    {"disable_exec_plugin", CONFIG_BOOL, .help = "put the credentials into the file itself"},
    {"context_name_template", CONFIG_TEXT, .help = "names of the contexts"},
    {"relay_server", CONFIG_TEXT, .help = "address of a relay"},
};
static const struct config_section kubernetes_v2 = {"kubernetes/v2",
                                                    CONFIG_KEYS(kubernetes_v2_keys), &output};

static const struct config_key argo_cd_keys[] = {
    {"selectors", CONFIG_SECTIONS, CONFIG_REQUIRED, .help = "which Kubernetes clusters",
     .section = &kubernetes_selector},
    {"secret_namespace", CONFIG_TEXT, .help = "namespace of the secrets"},
    {"secret_name_prefix", CONFIG_TEXT, .help = "beginning of their names"},
    {"secret_labels", CONFIG_LABELS, .help = "labels to put on them"},
    {"secret_annotations", CONFIG_LABELS, .help = "annotations to put on them"},
    {"project", CONFIG_TEXT, .help = "the Argo CD project"},
    {"namespaces", CONFIG_TEXTS, .help = "namespaces Argo CD may use"},
    {"cluster_resources", CONFIG_BOOL, .help = "whether it may manage cluster resources"},
    {"cluster_name_template", CONFIG_TEXT, .help = "names of the clusters"},
};
static const struct config_section argo_cd = {"kubernetes/argo-cd", CONFIG_KEYS(argo_cd_keys),
                                              &service};

static const char *const ca_types[] = {"user", "openssh", NULL};
static const struct config_key ssh_host_keys[] = {
    {"principals", CONFIG_TEXTS, CONFIG_REQUIRED, .help = "host names of the certificate"},
    {"ca_type", CONFIG_CHOICE, .help = "whose users the host trusts", .choices = ca_types},
};
static const struct config_section ssh_host = {"ssh_host", CONFIG_KEYS(ssh_host_keys),
                                               &role_output};

static const struct config_key selector_keys[] = {
    {"name", CONFIG_TEXT, .help = "one workload identity by name"},
    {"labels", CONFIG_LABELS, .help = "or all with these labels"},
};
static const struct config_section selector = {"selector", CONFIG_KEYS(selector_keys)};

static const struct config_key workload_x509_keys[] = {
    {"selector", CONFIG_SECTION, CONFIG_REQUIRED, .help = "which workload identity",
     .section = &selector},
    {"include_federated_trust_bundles", CONFIG_BOOL, .help = "add the federated bundles"},
    {"trust_domains", CONFIG_TEXTS, .help = "only the bundles of these"},
};
static const struct config_section workload_x509 = {"workload-identity-x509",
                                                    CONFIG_KEYS(workload_x509_keys), &output};

static const struct config_key workload_jwt_keys[] = {
    {"selector", CONFIG_SECTION, CONFIG_REQUIRED, .help = "which workload identity",
     .section = &selector},
    {"audiences", CONFIG_TEXTS, CONFIG_REQUIRED, .help = "who may accept the token"},
};
static const struct config_section workload_jwt = {"workload-identity-jwt",
                                                   CONFIG_KEYS(workload_jwt_keys), &output};

static const struct config_key roles_anywhere_keys[] = {
    {"role_arn", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the AWS role"},
    {"profile_arn", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the Roles Anywhere profile"},
    {"trust_anchor_arn", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the trust anchor"},
    {"region", CONFIG_TEXT, .help = "the AWS region"},
    {"session_duration", CONFIG_DURATION, CONFIG_POSITIVE, .help = "lifetime of a session, 6h"},
    {"session_renewal_interval", CONFIG_DURATION, CONFIG_POSITIVE, .help = "time between them, 1h"},
    {"credential_profile_name", CONFIG_TEXT, .help = "profile in the credentials file"},
    {"artifact_name", CONFIG_TEXT, .help = "name of that file"},
    {"overwrite_credential_file", CONFIG_BOOL, .help = "replace it instead of merging"},
    {"selector", CONFIG_SECTION, CONFIG_REQUIRED, .help = "which workload identity",
     .section = &selector},
};
static const struct config_section roles_anywhere = {"workload-identity-aws-roles-anywhere",
                                                     CONFIG_KEYS(roles_anywhere_keys), &output};

static const struct config_key sans_keys[] = {
    {"dns", CONFIG_TEXTS, .help = "DNS names"},
    {"ip", CONFIG_TEXTS, .help = "IP addresses"},
};
static const struct config_section sans = {"sans", CONFIG_KEYS(sans_keys)};

static const struct config_key svid_keys[] = {
    {"path", CONFIG_TEXT, CONFIG_REQUIRED, .help = "path of the SPIFFE ID"},
    {"hint", CONFIG_TEXT, .help = "tells several apart"},
    {"sans", CONFIG_SECTION, .help = "further names", .section = &sans},
};
static const struct config_section svid = {"svid", CONFIG_KEYS(svid_keys)};

static const struct config_key jwt_keys[] = {
    {"audience", CONFIG_TEXT, CONFIG_REQUIRED, .help = "who may accept the token"},
    {"file_name", CONFIG_TEXT, CONFIG_REQUIRED, .help = "its file"},
};
static const struct config_section jwt = {"jwts", CONFIG_KEYS(jwt_keys)};

static const struct config_key spiffe_svid_keys[] = {
    {"svid", CONFIG_SECTION, CONFIG_REQUIRED, .help = "what to ask for", .section = &svid},
    {"jwts", CONFIG_SECTIONS, .help = "tokens to write too", .section = &jwt},
    {"include_federated_trust_bundles", CONFIG_BOOL, .help = "add the federated bundles"},
};
static const struct config_section spiffe_svid = {"spiffe-svid", CONFIG_KEYS(spiffe_svid_keys),
                                                  &role_output};

static const struct config_key enabled_keys[] = {
    {"enabled", CONFIG_BOOL, .help = "off by default"},
};
static const struct config_section enabled = {"attestor", CONFIG_KEYS(enabled_keys)};

static const struct config_key engine_keys[] = {
    {"addr", CONFIG_TEXT, .help = "socket of the container engine"},
};
static const struct config_section engine = {"attestors.docker", CONFIG_KEYS(engine_keys),
                                             &enabled};

static const struct config_key kubelet_keys[] = {
    {"read_only_port", CONFIG_INTEGER, .help = "plain port of the kubelet"},
    {"secure_port", CONFIG_INTEGER, .help = "its TLS port, 10250"},
    {"token_path", CONFIG_TEXT, .help = "file of the token"},
    {"ca_path", CONFIG_TEXT, .help = "file of its CA"},
    {"skip_verify", CONFIG_BOOL, .help = "trust any kubelet"},
    {"anonymous", CONFIG_BOOL, .help = "send no token"},
};
static const struct config_section kubelet = {"attestors.kubernetes.kubelet",
                                              CONFIG_KEYS(kubelet_keys)};

static const struct config_key kubernetes_attestor_keys[] = {
    {"kubelet", CONFIG_SECTION, .help = "how to reach the kubelet", .section = &kubelet},
};
static const struct config_section kubernetes_attestor = {
    "attestors.kubernetes", CONFIG_KEYS(kubernetes_attestor_keys), &enabled};

static const struct config_key unix_attestor_keys[] = {
    {"binary_hash_max_size_bytes", CONFIG_INTEGER, .help = "larger programs are not hashed"},
};
static const struct config_section unix_attestor = {"attestors.unix",
                                                    CONFIG_KEYS(unix_attestor_keys)};

static const struct config_key registry_keys[] = {
    {"host", CONFIG_TEXT, CONFIG_REQUIRED, .help = "host of the registry"},
};
static const struct config_section registry = {"additional_registries", CONFIG_KEYS(registry_keys)};

static const struct config_key sigstore_keys[] = {
    {"additional_registries", CONFIG_SECTIONS, .help = "where to look for signatures",
     .section = &registry},
    {"credentials_path", CONFIG_TEXT, .help = "file of registry credentials"},
    {"allowed_private_network_prefixes", CONFIG_TEXTS, .help = "private networks to allow"},
};
static const struct config_section sigstore = {"attestors.sigstore", CONFIG_KEYS(sigstore_keys),
                                               &enabled};

static const struct config_key attestor_keys[] = {
    {"kubernetes", CONFIG_SECTION, .help = "by pod", .section = &kubernetes_attestor},
    {"docker", CONFIG_SECTION, .help = "by Docker container", .section = &engine},
    {"podman", CONFIG_SECTION, .help = "by Podman container", .section = &engine},
    {"systemd", CONFIG_SECTION, .help = "by systemd unit", .section = &enabled},
    {"unix", CONFIG_SECTION, .help = "by process", .section = &unix_attestor},
    {"sigstore", CONFIG_SECTION, .help = "by signature of the image", .section = &sigstore},
};
static const struct config_section attestors = {"attestors", CONFIG_KEYS(attestor_keys)};

static const struct config_key workload_api_keys[] = {
    {"listen", CONFIG_TEXT, CONFIG_REQUIRED, .help = "unix:// or tcp:// address"},
    {"selector", CONFIG_SECTION, CONFIG_REQUIRED, .help = "which workload identities",
     .section = &selector},
    {"attestors", CONFIG_SECTION, .help = "how to tell who asks", .section = &attestors},
};
static const struct config_section workload_api = {"workload-identity-api",
                                                   CONFIG_KEYS(workload_api_keys), &service};

static const struct config_key unix_rule_keys[] = {
    {"uid", CONFIG_INTEGER, .help = "user"},
    {"gid", CONFIG_INTEGER, .help = "group"},
    {"pid", CONFIG_INTEGER, .help = "process"},
};
static const struct config_section unix_rule = {"rules.unix", CONFIG_KEYS(unix_rule_keys)};

static const struct config_key rule_keys[] = {
    {"unix", CONFIG_SECTION, .help = "who gets it", .section = &unix_rule},
};
static const struct config_section rule = {"rules", CONFIG_KEYS(rule_keys)};

static const struct config_key ruled_svid_keys[] = {
    {"rules", CONFIG_SECTIONS, .help = "who gets it; empty: everybody", .section = &rule},
};
static const struct config_section ruled_svid = {"svids", CONFIG_KEYS(ruled_svid_keys), &svid};

static const struct config_key spiffe_api_keys[] = {
    {"listen", CONFIG_TEXT, CONFIG_REQUIRED, .help = "unix:// or tcp:// address"},
    {"svids", CONFIG_SECTIONS, .help = "what to hand out", .section = &ruled_svid},
    {"attestors", CONFIG_SECTION, .help = "how to tell who asks", .section = &attestors},
};
static const struct config_section spiffe_api = {"spiffe-workload-api",
                                                 CONFIG_KEYS(spiffe_api_keys), &role_service};

static const struct config_key app_tunnel_keys[] = {
    {"listen", CONFIG_TEXT, CONFIG_REQUIRED, .help = "tcp:// address to listen on"},
    {"app_name", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the application"},
};
static const struct config_section app_tunnel = {"application-tunnel", CONFIG_KEYS(app_tunnel_keys),
                                                 &role_service};

static const struct config_key app_proxy_keys[] = {
    {"listen", CONFIG_TEXT, CONFIG_REQUIRED, .help = "tcp:// address to listen on"},
};
static const struct config_section app_proxy = {"application-proxy", CONFIG_KEYS(app_proxy_keys),
                                                &service};

static const struct config_key database_tunnel_keys[] = {
    {"listen", CONFIG_TEXT, CONFIG_REQUIRED, .help = "tcp:// address to listen on"},
    {"service", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the database service"},
    {"database", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the database inside it"},
    {"username", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the user there"},
};
static const struct config_section database_tunnel = {
    "database-tunnel", CONFIG_KEYS(database_tunnel_keys), &role_service};

static const struct config_key multiplexer_keys[] = {
    {"enable_resumption", CONFIG_BOOL, .help = "survive interruptions, on by default"},
    {"proxy_command", CONFIG_TEXTS, .help = "command that ssh shall run"},
    {"proxy_templates_path", CONFIG_TEXT, .help = "file of proxy templates"},
    {"relay_server", CONFIG_TEXT, .help = "address of a relay"},
};
static const struct config_section multiplexer = {"ssh-multiplexer", CONFIG_KEYS(multiplexer_keys),
                                                  &output};

static const struct config_key example_keys[] = {
    {"message", CONFIG_TEXT, .help = "what it says"},
};
static const struct config_section example = {"example", CONFIG_KEYS(example_keys), &service};

static const struct config_section client_credential = {"unstable_client_credential",
                                                        .base = &service};

static const struct config_variant services[] = {
    {"identity", true, CONFIG_SERVICE_IDENTITY, &identity, "an identity for SSH, tsh and the API"},
    {"application", .section = &application, .help = "a certificate for an application"},
    {"application-proxy", .section = &app_proxy, .help = "a local HTTP proxy to applications"},
    {"application-tunnel", .section = &app_tunnel, .help = "a local port of an application"},
    {"database", .section = &database, .help = "a certificate for a database"},
    {"database-tunnel", .section = &database_tunnel, .help = "a local port of a database"},
    {"example", .section = &example, .help = "Go tbot's test service"},
    {"kubernetes", .section = &kubernetes, .help = "a kubeconfig for one cluster"},
    {"kubernetes/argo-cd", .section = &argo_cd, .help = "clusters for Argo CD"},
    {"kubernetes/v2", .section = &kubernetes_v2, .help = "a kubeconfig for several clusters"},
    {"spiffe-svid", .section = &spiffe_svid, .help = "a SPIFFE identity, old form"},
    {"spiffe-workload-api", .section = &spiffe_api, .help = "the Workload API, old form"},
    {"ssh-multiplexer", .section = &multiplexer, .help = "a local multiplexer of SSH"},
    {"ssh_host", .section = &ssh_host, .help = "a certificate for an SSH server"},
    {"unstable_client_credential", .section = &client_credential,
     .help = "for Go programs that embed tbot"},
    {"workload-identity-api", .section = &workload_api, .help = "the SPIFFE Workload API"},
    {"workload-identity-aws-roles-anywhere", .section = &roles_anywhere,
     .help = "AWS credentials by a workload identity"},
    {"workload-identity-jwt", .section = &workload_jwt, .help = "a workload identity as JWT"},
    {"workload-identity-x509", .section = &workload_x509,
     .help = "a workload identity as X.509 certificate"},
};
const struct config_variants config_schema_services = {"service type", services,
                                                       sizeof(services) / sizeof(*services)};

/** The flow of one or several calls, as the API tells it. */

/** @typedef {import("../api.js").ArrowKind} ArrowKind */
/** @typedef {{kind: string, port: number | null, address: string | null, codecs: string[], direction: string | null}} SdpMedia */
/** @typedef {{role: "offer" | "answer" | null, media: SdpMedia[]}} Sdp */
/** @typedef {{message_id: string, node: string | null, time: string}} Copy a message as one capture point saw it */
/**
 * @typedef {object} Arrow
 * @property {string} message_id
 * @property {string} time as captured, RFC 3339
 * @property {string} from id of a host
 * @property {string} to
 * @property {number | null} from_port
 * @property {number | null} to_port
 * @property {string} label method, or code and phrase
 * @property {ArrowKind} kind
 * @property {string} leg a letter
 * @property {string} call_id
 * @property {string | null} transport
 * @property {string | null} cseq
 * @property {string | null} method of a request
 * @property {number | null} status
 * @property {string[]} nodes
 * @property {Copy[]} copies
 * @property {number} resend 0 = sent first, n = nth time again
 * @property {string | null} branch
 * @property {string | null} from_tag
 * @property {string | null} to_tag
 * @property {Sdp | null} sdp
 * @property {string | null} reason_header
 * @property {number} skew_ms
 * @property {number | null} early_ms how much a reply is stamped before its request
 * @property {string | null} user_agent
 */
/** @typedef {{id: string, address: string, port: number | null, label: string, node: string[], is_named: boolean}} Host */
/** @typedef {{leg: string, call_id: string, started_at: string | null, from_user: string | null, to_user: string | null, outcome: string | null}} Leg */
/** @typedef {{hosts: Host[], arrows: Arrow[], legs: Leg[], skews: {node: string, skew_ms: number}[], truncated: boolean}} Flow */

/** What a host is called: its alias, else the node that captured there, else its address. @param {Host} host */
export const hostName = ({ label, is_named: isNamed, node }) => (isNamed || !node.length ? label : node.join(", "));

/** @param {Arrow} arrow */
export const isRequest = ({ kind }) => kind === "request";

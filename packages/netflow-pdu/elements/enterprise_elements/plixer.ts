import type { ElementTable } from "../element.ts";

/**
 * Elements of Plixer: message tracking logs, as its ipfixify sends them. Values of which no
 * source tells the type are octets.
 */
export const PLIXER_ELEMENTS: ElementTable = {
  enterprise: 13745,
  owner: "Plixer",
  elements: [
    [100, "clientIPv4", "ipv4Address"],
    [101, "clientHostname", "string"],
    [102, "partnerName", "string"],
    [103, "serverHostname", "string"],
    [104, "serverIPv4", "ipv4Address"],
    [105, "recipientAddress", "string"],
    [106, "eventId", "unsigned32"],
    [107, "msgid", "string"],
    [108, "priority", "unsigned32"],
    [109, "recipientReportStatus", "unsigned32"],
    [110, "numberRecipients", "unsigned32"],
    [111, "originationTime", "dateTimeSeconds"],
    [112, "encryption", "unsigned32"],
    [113, "serviceVersion", "string"],
    [114, "linkedMsgid", "string"],
    [115, "messageSubject", "string"],
    [116, "senderAddress", "string"],
    [117, "dateTime", "dateTimeSeconds"],
    [118, "clientIPv6", "ipv6Address"],
    [119, "serverIPv6", "ipv6Address"],
    [120, "sourceContext", "octetArray"],
    [121, "connectorId", "octetArray"],
    [122, "sourceComponent", "octetArray"],
    [124, "relatedRecipientAddress", "octetArray"],
    [125, "reference", "octetArray"],
    [126, "returnPath", "octetArray"],
    [127, "messageInfo", "octetArray"],
    [128, "directionality", "octetArray"],
    [129, "tenantId", "octetArray"],
    [130, "originalClientIPv4", "ipv4Address"],
    [131, "originalServerIPv4", "ipv4Address"],
    [132, "customData", "octetArray"],
    [133, "internalMessageId", "octetArray"],
  ],
};

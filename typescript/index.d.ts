// Generated from docs/schemas by `make schemas`: changed there, never by hand.

/**
 * What an accepted row is made into.
 */
export type AcceptedAs = "patient" | "contact";
/**
 * A partner's answer to a referral, in the terms of FHIR TaskStatus.
 */
export type Response = "accepted" | "rejected" | "in-progress" | "completed" | "failed";
/**
 * FHIR RequestPriority.
 */
export type Priority = "routine" | "urgent" | "asap" | "stat";
/**
 * What a link leads to.
 */
export type AnswerLinkStatus = "open" | "withdrawn";
/**
 * A way to reach a partner; also the channels of dispatch.
 */
export type ContactMethod = "portal" | "email" | "fax" | "phone";
/**
 * What became of an attempt.
 */
export type AttemptOutcome = "delivered" | "sent" | "transient_failure" | "permanent_failure" | "outcome_unknown";
/**
 * What part it had. At most one unarchived attribution of a patient is the primary one.
 */
export type AttributionRole = "primary" | "secondary" | "assist";
/**
 * How a call went.
 */
export type CallOutcome = "reached" | "no_answer" | "wrong_number";
/**
 * Why a run failed.
 */
export type ConnectionFailureCode =
  | "unauthorized"
  | "permission_missing"
  | "needs_reauthorization"
  | "wrong_archive"
  | "identity_changed"
  | "rate_limited"
  | "other_side_down"
  | "timed_out"
  | "bad_answer"
  | "tls_failed"
  | "address_blocked"
  | "secret_unavailable";
/**
 * What an appointment of the other side suggests about a referral.
 */
export type Hint = "booked" | "came" | "missed";
/**
 * The other side of a connection.
 */
export type System = "opendental" | "alfadocs" | "opendental-server";
/**
 * What kind of contact a partner is.
 */
export type ContactType = "provider" | "practice" | "lab" | "other";
/**
 * Why a partner rejected a referral.
 */
export type ResponseReason =
  | "not_our_specialty"
  | "no_capacity"
  | "insurance"
  | "patient_not_reached"
  | "patient_declined"
  | "more_information"
  | "other";
/**
 * Where an e-referral stands on its way to the partner.
 */
export type EreferralStatus =
  | "queued"
  | "in_progress"
  | "retry_scheduled"
  | "held"
  | "awaiting_call"
  | "sent"
  | "delivered"
  | "outcome_unknown"
  | "failed"
  | "cancelled";
/**
 * FHIR TaskStatus: how far the partner is.
 */
export type FulfilmentStatus =
  "requested" | "accepted" | "rejected" | "in-progress" | "completed" | "failed" | "cancelled";
/**
 * FHIR RequestStatus, as far as a referral uses it.
 */
export type ReferralStatus = "draft" | "active" | "completed" | "revoked";
/**
 * `ereferral.record_response` → 200. `occurred_at`: when the partner answered, if not now.
 */
export type EreferralRecordResponse = EreferralRecordResponse1;
/**
 * What a person found out about an outcome that nobody knew.
 */
export type Resolution = "delivered" | "not_delivered";
/**
 * What a row of the other side becomes here, in the order in which rows are applied.
 */
export type ImportKind = "provider" | "patient" | "partner" | "source" | "attribution" | "referral";
/**
 * What a person decides about a row that waits.
 */
export type RowResolution = "retry" | "link" | "create" | "theirs" | "ours" | "ignore";
/**
 * Why a row was not taken in.
 */
export type RejectReason = "spam" | "duplicate" | "not_eligible" | "not_reached" | "other";
/**
 * What has become of a row.
 */
export type IntakeStatus = "received" | "accepted" | "linked" | "rejected";
/**
 * The kind of marketing that a source is.
 */
export type SourceCategory =
  | "patient_referral"
  | "doctor_referral"
  | "digital_advertising"
  | "organic_search"
  | "social_media"
  | "online_directory"
  | "website"
  | "insurance_plan"
  | "direct_mail"
  | "print_media"
  | "community_event"
  | "signage"
  | "tv_radio"
  | "email_marketing"
  | "walk_in"
  | "internal_transfer"
  | "other";
/**
 * How sure it is that a row and a patient are one person.
 */
export type Likeness = "strong" | "weak";
/**
 * What a row and a patient have in common; the last one alone is weak.
 */
export type LikenessReason = "same_phone" | "same_email" | "same_surname_and_birth_date" | "same_name";
/**
 * Every code of docs/contract/wire.md#problems.
 */
export type ProblemCode =
  | "malformed_message"
  | "unknown_operation"
  | "forbidden"
  | "patient_not_found"
  | "provider_not_found"
  | "practice_not_found"
  | "referral_partner_not_found"
  | "referral_source_not_found"
  | "referral_source_cost_not_found"
  | "referral_attribution_not_found"
  | "referral_not_found"
  | "intake_not_found"
  | "ereferral_not_found"
  | "answer_link_not_found"
  | "contact_not_found"
  | "contact_referral_not_found"
  | "letter_not_found"
  | "connection_not_found"
  | "import_row_not_found"
  | "version_conflict"
  | "message_id_reused"
  | "already_exists"
  | "already_linked"
  | "primary_attribution_exists"
  | "invalid_transition"
  | "answer_link_locked"
  | "answer_link_expired"
  | "validation_error"
  | "partner_inactive"
  | "partner_does_not_accept_ereferrals"
  | "no_usable_contact_point"
  | "internal_error";
/**
 * What part it had. At most one unarchived attribution of a patient is the primary one.
 */
export type AttributionRole1 = "primary" | "secondary" | "assist";
/**
 * FHIR RequestPriority.
 */
export type Priority1 = "routine" | "urgent" | "asap" | "stat";
/**
 * What kind of contact a partner is.
 */
export type ContactType1 = "provider" | "practice" | "lab" | "other";
/**
 * `referral.record_response` → 200. `occurred_at`: when the partner answered, if not now.
 */
export type ReferralRecordResponse = ReferralRecordResponse1;
/**
 * `data` or `problem`, never both.
 */
export type Reply =
  | {
      data: unknown;
      status: number;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToAnswerLinkList =
  | {
      data: ListingAnswerLink | StretchAnswerLink;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToAnswerLinkOpen =
  | {
      data: OpenedAnswerLink;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToAnswerLinkRenew =
  | {
      data:
        | RenewedAnswerLink
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToAnswerLinkVerify =
  | {
      data:
        | AnswerLinkVerification
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToConnectionGet =
  | {
      data: Connection;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToConnectionList =
  | {
      data: ListingConnection | StretchConnection;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToConnectionRuns =
  | {
      data: ListingConnectionRun | StretchConnectionRun;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToConnectionSync =
  | {
      data:
        | Connection
        | {
            id: string;
          };
      status: 202;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToContactArchive =
  | {
      data: null | {
        id: string;
      };
      status: 204;
    }
  | {
      data:
        | Contact
        | null
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToContactGet =
  | {
      data: Contact;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToContactList =
  | {
      data: ListingContact | StretchContact;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToContactPut =
  | {
      data:
        | Contact
        | null
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToContactReferralArchive =
  | {
      data: null | {
        id: string;
      };
      status: 204;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToContactReferralCreate =
  | {
      data:
        | ContactReferral
        | {
            id: string;
          };
      status: 201;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToContactReferralGet =
  | {
      data: ContactReferral;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToContactReferralList =
  | {
      data: ListingContactReferral | StretchContactReferral;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToContactReferralUpdate =
  | {
      data:
        | ContactReferral
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralCancel =
  | {
      data:
        | Ereferral
        | null
        | {
            id: string;
          };
      status: 202;
    }
  | {
      data:
        | Ereferral
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralCompleteCall =
  | {
      data:
        | Ereferral
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralDispatch =
  | {
      data:
        | Ereferral
        | {
            id: string;
          };
      status: 202;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralGet =
  | {
      data: EreferralDetail;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralLetter =
  | {
      data: ComposedLetter;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralList =
  | {
      data: ListingEreferral | StretchEreferral;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralPreview =
  | {
      data: ComposedLetter;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralProvideInformation =
  | {
      data:
        | Ereferral
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralRecordResponse =
  | {
      data:
        | Ereferral
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralReopen =
  | {
      data:
        | Ereferral
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralRequestInformation =
  | {
      data:
        | Ereferral
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralResolve =
  | {
      data:
        | Ereferral
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralRetry =
  | {
      data:
        | Ereferral
        | {
            id: string;
          };
      status: 202;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToEreferralTrailGet =
  | {
      data: PatientTrail;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToExternalIdLink =
  | {
      data:
        | ExternalId
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToExternalIdList =
  | {
      data: ListingExternalId | StretchExternalId;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToImportRowList =
  | {
      data: ListingImportRow | StretchImportRow;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToImportRowResolve =
  | {
      data:
        | ImportRow
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToIntakeAccept =
  | {
      data:
        | Intake
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToIntakeGet =
  | {
      data: IntakeDetail;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToIntakeLink =
  | {
      data:
        | Intake
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToIntakeList =
  | {
      data: ListingIntake | StretchIntake;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToIntakeReject =
  | {
      data:
        | Intake
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToIntakeReopen =
  | {
      data:
        | Intake
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToIntakeSubmit =
  | {
      data:
        | IntakeSubmitted
        | {
            id: string;
          };
      status: 202;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToIntakeMapList =
  | {
      data: ListingIntakeMapEntry | StretchIntakeMapEntry;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToIntakeMapPut =
  | {
      data:
        | IntakeMapEntry
        | null
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToOperatorMapSet =
  | {
      data:
        | OperatorMap
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToPartnerChannelRelease =
  | {
      data:
        | PartnerChannel
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToPatientArchive =
  | {
      data: null | {
        id: string;
      };
      status: 204;
    }
  | {
      data:
        | Patient1
        | null
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToPatientGet =
  | {
      data: Patient1;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToPatientList =
  | {
      data: ListingPatient | StretchPatient;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToPatientPut =
  | {
      data:
        | Patient1
        | null
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToPatientTrailGet =
  | {
      data: PatientTrail;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToPracticeGet =
  | {
      data: Practice1;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToPracticePut =
  | {
      data:
        | Practice1
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToProviderArchive =
  | {
      data: null | {
        id: string;
      };
      status: 204;
    }
  | {
      data:
        | Provider1
        | null
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToProviderGet =
  | {
      data: Provider1;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToProviderList =
  | {
      data: ListingProvider | StretchProvider;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToProviderPut =
  | {
      data:
        | Provider1
        | null
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralCancel =
  | {
      data:
        | Referral1
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralCreate =
  | {
      data:
        | Referral1
        | {
            id: string;
          };
      status: 201;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralGet =
  | {
      data: ReferralDetail;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralList =
  | {
      data: ListingReferral | StretchReferral;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralPreview =
  | {
      data: ComposedLetter;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralProvideInformation =
  | {
      data:
        | Referral1
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralRecordResponse =
  | {
      data:
        | Referral1
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralReopen =
  | {
      data:
        | Referral1
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSend =
  | {
      data:
        | Referral1
        | {
            id: string;
          };
      status: 202;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralUpdate =
  | {
      data:
        | Referral1
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralAttributionArchive =
  | {
      data: null | {
        id: string;
      };
      status: 204;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralAttributionCreate =
  | {
      data:
        | ReferralAttribution
        | {
            id: string;
          };
      status: 201;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralAttributionGet =
  | {
      data: ReferralAttribution;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralAttributionList =
  | {
      data: ListingReferralAttribution | StretchReferralAttribution;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralAttributionUpdate =
  | {
      data:
        | ReferralAttribution
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralPartnerArchive =
  | {
      data: null | {
        id: string;
      };
      status: 204;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralPartnerCreate =
  | {
      data:
        | ReferralPartner1
        | {
            id: string;
          };
      status: 201;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralPartnerGet =
  | {
      data: ReferralPartner1;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralPartnerList =
  | {
      data: ListingReferralPartner | StretchReferralPartner;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralPartnerUpdate =
  | {
      data:
        | ReferralPartner1
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceArchive =
  | {
      data: null | {
        id: string;
      };
      status: 204;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceCreate =
  | {
      data:
        | ReferralSource
        | {
            id: string;
          };
      status: 201;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceGet =
  | {
      data: ReferralSource;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceList =
  | {
      data: ListingReferralSource | StretchReferralSource;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceReport =
  | {
      data: SourceReport;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceUpdate =
  | {
      data:
        | ReferralSource
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceCostArchive =
  | {
      data: null | {
        id: string;
      };
      status: 204;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceCostCreate =
  | {
      data:
        | ReferralSourceCost
        | {
            id: string;
          };
      status: 201;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceCostGet =
  | {
      data: ReferralSourceCost;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceCostList =
  | {
      data: ListingReferralSourceCost | StretchReferralSourceCost;
      status: 200;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToReferralSourceCostUpdate =
  | {
      data:
        | ReferralSourceCost
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };
/**
 * `data` or `problem`, never both.
 */
export type ReplyToSourceMapSet =
  | {
      data:
        | SourceMap
        | {
            id: string;
          };
      status: 200;
    }
  | {
      data: null;
      status: number;
    }
  | {
      problem: Problem;
      status: number;
    };

/**
 * What a period cost, how many new patients it brought, and the one by the other.
 */
export interface AcquisitionFigures {
  cost_per_acquisition: string | null;
  new_patients: number;
  total_cost: string;
}
/**
 * An e-referral's link, without its secrets. `locked_at`: since five wrong codes were given.
 */
export interface AnswerLink {
  created_at: string;
  ereferral_uuid: string;
  expires_at: string;
  id: string;
  locked_at: string | null;
  referral_partner: Reference;
  referral_uuid: string;
  updated_at: string;
  version: number;
}
/**
 * Another resource, as one that points to it shows it.
 */
export interface Reference {
  name: string | null;
  uuid: string;
}
/**
 * `answer_link.list` → 200, newest first.
 */
export interface AnswerLinkList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  ereferral_uuid?: string | null;
  locked?: boolean | null;
  org_id: string;
  page?: number;
  page_size?: number;
}
/**
 * `answer_link.open` → 200 with what the letter's envelope says; with a proof, more.
 */
export interface AnswerLinkOpen {
  /**
   * The last part of the letter's URL. Case and hyphens do not matter; O is read as 0, I and L as 1. Whatever else is in it, no link has it: 404.
   */
  answer_link: string;
  org_id: string;
  proof?: string | null;
}
/**
 * Who refers, where they are called, and the time zone of their days and appointments.
 */
export interface AnswerLinkPractice {
  name: string;
  phone: string | null;
  time_zone: string | null;
}
/**
 * What whoever has the letter and knows its code may be shown.
 *
 * `patient_initials`: of the first and the last name. `respond_on`: `respond_by` as a day of the
 * practice's. `response`: the last answer, and `scheduled_at` the appointment that it named.
 * `information_requested` is the partner's own question,
 * `information_provided` what the practice wrote back. `may_answer`: the responses that are taken
 * now; none where it is withdrawn or `answers_left` is 0.
 */
export interface AnswerLinkReferral {
  answers_left: number;
  ereferral_uuid: string;
  information_provided: string | null;
  information_requested: string | null;
  may_answer: Response[];
  may_request_information: boolean;
  patient_initials: string;
  priority: Priority;
  reference: string;
  respond_by: string | null;
  respond_on: string | null;
  response: Response | null;
  scheduled_at: string | null;
}
/**
 * `answer_link.renew` → 200 with another link of the e-referral; the one before is void.
 */
export interface AnswerLinkRenew {
  ereferral_uuid: string;
  org_id: string;
}
/**
 * Whether the code is the letter's. `proof` is null where it is not.
 */
export interface AnswerLinkVerification {
  attempts_left: number;
  proof: string | null;
  verified: boolean;
}
/**
 * `answer_link.verify` → 200, of a wrong code too: a refusal would count nothing.
 */
export interface AnswerLinkVerify {
  /**
   * The last part of the letter's URL. Case and hyphens do not matter; O is read as 0, I and L as 1. Whatever else is in it, no link has it: 404.
   */
  answer_link: string;
  /**
   * Six digits, with spaces or hyphens between them or none.
   */
  code: string;
  org_id: string;
}
/**
 * One attempt. `finished_at`, `outcome` and `code` are null while it runs, `address` of a call
 * for which the partner has no number.
 */
export interface Attempt {
  address: string | null;
  channel: ContactMethod;
  code: string | null;
  detail: string | null;
  finished_at: string | null;
  number: number;
  outcome: AttemptOutcome | null;
  started_at: string;
}
/**
 * What a person needs for the call that an e-referral asks for.
 *
 * `number`: in E.164; an extension, where there is one, as RFC 3966 has it, `;ext=12` behind it.
 * Null where the partner has none: it has to be found. `letter`: a PDF in base64.
 */
export interface CallTask {
  letter: string;
  number: string | null;
  script: string;
}
/**
 * A letter: its reference, and the PDF in base64.
 */
export interface ComposedLetter {
  pdf: string;
  reference: string;
}
/**
 * A connection as it is shown; no secret and nothing of a patient's is in it.
 *
 * `counts`, `complete` and `skew_seconds` (how far their stamps were ahead of our clock) are the
 * last successful run's; `code`, `phase` and `offset` say where the last run failed, null once one
 * succeeded. `needs_person`: nothing more comes of waiting. `hint` only on its own event.
 */
export interface Connection {
  code: ConnectionFailureCode | null;
  complete: boolean | null;
  counts: RunCounts | null;
  created_at: string;
  hint: FulfilmentHint | null;
  id: string;
  last_success_at: string | null;
  name: string;
  needs_person: boolean;
  next_run_at: string | null;
  offset: number | null;
  phase: string | null;
  skew_seconds: number | null;
  system: System;
  updated_at: string;
  version: number;
  waiting: number;
}
/**
 * What one run did, by kind; null where it had nothing of that kind.
 */
export interface RunCounts {
  attribution: KindCounts | null;
  partner: KindCounts | null;
  patient: KindCounts | null;
  provider: KindCounts | null;
  referral: KindCounts | null;
  source: KindCounts | null;
}
/**
 * What one run did with the rows of one kind.
 */
export interface KindCounts {
  created: number;
  fetched: number;
  gone: number;
  historic: number;
  refused: number;
  unchanged: number;
  updated: number;
  waiting: number;
}
/**
 * What an appointment suggests about one referral. Nothing is decided by it.
 */
export interface FulfilmentHint {
  hint: Hint;
  referral_uuid: string;
}
/**
 * `connection.get` → 200.
 */
export interface ConnectionGet {
  connection_uuid: string;
  org_id: string;
}
/**
 * `connection.list` → 200, by name.
 */
export interface ConnectionList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
}
/**
 * One run. `finished_at` is null while it goes on, `code` where nothing failed.
 *
 * While it goes on, `counts` are what it did so far; `phase` and `offset` say what it reads, and
 * are null until the other side answers and once it applies what it has read. Afterwards they say
 * where it failed; `complete`, whether every list of one that succeeded was read to its end.
 */
export interface ConnectionRun {
  code: ConnectionFailureCode | null;
  complete: boolean | null;
  connection_uuid: string;
  counts: RunCounts;
  created_at: string;
  finished_at: string | null;
  full: boolean;
  id: string;
  offset: number | null;
  phase: string | null;
  skew_seconds: number | null;
  started_at: string;
  updated_at: string;
  version: number;
}
/**
 * `connection.runs` → 200, newest first.
 */
export interface ConnectionRuns {
  connection_uuid: string;
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
}
/**
 * `connection.sync` → 202: a run begins at once. `full` asks for whole lists.
 */
export interface ConnectionSync {
  connection_uuid: string;
  /**
   * Read everything again, not only what changed.
   */
  full?: boolean;
  org_id: string;
}
/**
 * A contact as the directory last saw it; at most one of the three references is set.
 */
export interface Contact {
  created_at: string;
  id: string;
  name: string;
  observed_at: string;
  patient: Reference | null;
  provider: Reference | null;
  referral_partner: Reference | null;
  updated_at: string;
  version: number;
}
/**
 * `contact.archive` → 204; a stale one 200 with what is held, null if that is an archive.
 */
export interface ContactArchive {
  contact_uuid: string;
  observed_at: string;
  org_id: string;
}
/**
 * `contact.get` → 200.
 */
export interface ContactGet {
  contact_uuid: string;
  org_id: string;
}
/**
 * `contact.list` → 200, by name. `search` is a part of the name, without regard to case.
 */
export interface ContactList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
  search?: string | null;
}
/**
 * `contact.put` → 200 with what is now held; null where a newer archive is.
 *
 * A contact is linked to a patient, to a partner, to a provider, or to nobody.
 */
export interface ContactPut {
  contact_uuid: string;
  name: string;
  observed_at: string;
  org_id: string;
  patient_uuid?: string | null;
  provider_uuid?: string | null;
  referral_partner_uuid?: string | null;
}
/**
 * A contact referral as it is shown. Its times have whole seconds.
 *
 * `updated_in_db_at` is `updated_at`, and rises by a second at least with each change.
 */
export interface ContactReferral {
  created_at: string;
  id: string;
  referred_by: Reference;
  referred_to: Reference;
  updated_at: string;
  updated_in_db_at: string;
  version: number;
}
/**
 * `contact_referral.archive` → 204, whatever its version is.
 */
export interface ContactReferralArchive {
  contact_referral_uuid: string;
  contact_uuid: string;
  org_id: string;
}
/**
 * `contact_referral.create` → 201. `contact_uuid` is who refers.
 */
export interface ContactReferralCreate {
  contact_uuid: string;
  id?: string | null;
  org_id: string;
  referred_to_uuid: string;
}
/**
 * `contact_referral.get` → 200.
 */
export interface ContactReferralGet {
  contact_referral_uuid: string;
  contact_uuid: string;
  org_id: string;
}
/**
 * `contact_referral.list` → 200: those by the contact, oldest first.
 */
export interface ContactReferralList {
  contact_uuid: string;
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
}
/**
 * `contact_referral.update` → 200: only the fields given change.
 *
 * It says what it is based on: `updated_in_db_at`, or `base_version`. `overwrite` is for who wants
 * to change it whatever others have made of it.
 */
export interface ContactReferralUpdate {
  base_version?: number | null;
  contact_referral_uuid: string;
  contact_uuid: string;
  org_id: string;
  /**
   * True, or left out: nothing else is taken.
   */
  overwrite?: true;
  referred_by_uuid?: string;
  referred_to_uuid?: string;
  updated_in_db_at?: string | null;
}
/**
 * An e-referral as its events show it: a list item, and what the event is about.
 *
 * The answer comes with `ereferral.response_recorded`; `response_occurred_at` where the partner
 * answered before it was recorded. `call` comes with `ereferral.call_requested`, `information`
 * with `ereferral.information_requested` (the partner's question) and
 * `ereferral.information_provided` (what it was told), `actor` with what somebody did: the opaque
 * id that the message's header had.
 */
export interface EreferralChange {
  actor?: string;
  address: string | null;
  call?: CallTask;
  channel: ContactMethod | null;
  created_at: string;
  id: string;
  information?: string;
  next_attempt_at: string | null;
  possible_repeat: boolean;
  reference: string;
  referral_partner: Reference;
  referral_uuid: string;
  response?: Response;
  response_note?: string;
  response_occurred_at?: string;
  response_reason_code?: ResponseReason;
  response_scheduled_at?: string;
  status: EreferralStatus;
  updated_at: string;
  version: number;
}
/**
 * `ereferral.cancel` → 200 when it is cancelled, 202 while that is still to be done.
 *
 * In any state; before its dispatch was heard: it will end `cancelled`.
 */
export interface EreferralCancel {
  ereferral_uuid: string;
  org_id: string;
  reason: string;
}
/**
 * `ereferral.complete_call` → 200. `no_answer`: it is due again after two hours.
 */
export interface EreferralCompleteCall {
  base_version: number;
  ereferral_uuid: string;
  note?: string | null;
  org_id: string;
  outcome: CallOutcome;
}
/**
 * An e-referral with its attempts, oldest first, and its call while it is `awaiting_call`.
 */
export interface EreferralDetail {
  address: string | null;
  attempts: Attempt[];
  call: OpenCall | null;
  channel: ContactMethod | null;
  created_at: string;
  id: string;
  next_attempt_at: string | null;
  possible_repeat: boolean;
  reference: string;
  referral_partner: Reference;
  referral_uuid: string;
  status: EreferralStatus;
  updated_at: string;
  version: number;
}
/**
 * The call that an e-referral asks for, as `ereferral.get` shows it.
 *
 * `number`: in E.164; an extension, where there is one, as RFC 3966 has it, `;ext=12` behind it.
 * Null where the partner has none: it has to be found. `script`: null where what the e-referral
 * was made of is not kept any more.
 */
export interface OpenCall {
  number: string | null;
  script: string | null;
}
/**
 * `ereferral.dispatch` → 202 `queued`, with the package that was frozen.
 */
export interface EreferralDispatch {
  dispatch_uuid: string;
  org_id: string;
  partner: ReferralPartner;
  patient: Patient;
  practice: Practice;
  referral: Referral;
  referring_provider?: Provider | null;
  respond_by_offset_minutes?: number | null;
}
/**
 * A partner as it is shown. Phone and fax in E.164, `;ext=` behind it.
 *
 * Where it comes back in a frozen package, its texts and addresses are checked like
 * anybody's.
 */
export interface ReferralPartner {
  accepts_ereferral?: boolean;
  address_line1?: string | null;
  address_line2?: string | null;
  city?: string | null;
  contact_type: ContactType;
  country?: string;
  created_at: string;
  email?: string | null;
  ereferral_endpoint?: string | null;
  fax?: string | null;
  first_name?: string | null;
  id: string;
  is_active?: boolean;
  last_name?: string | null;
  notes?: string | null;
  npi?: string | null;
  phone?: string | null;
  postal_code?: string | null;
  practice_name?: string | null;
  preferred_contact_method?: ContactMethod | null;
  specialty?: string | null;
  state?: string | null;
  updated_at: string;
  version: number;
}
/**
 * A patient as the directory last saw them.
 *
 * `phone_as_given`: a national number of which the practice's country, another one than when it
 * was put, has no such; then `phone` is null, and `warnings` says what to do.
 */
export interface Patient {
  created_at: string;
  date_of_birth?: string | null;
  email?: string | null;
  id: string;
  name: string;
  observed_at: string;
  phone?: string | null;
  phone_as_given?: string | null;
  updated_at: string;
  version: number;
  warnings?: FieldWarning[];
}
/**
 * A field that is not as it was given, and what to do; nothing quotes its value.
 */
export interface FieldWarning {
  field: string;
  msg: string;
  type: string;
}
/**
 * The practice that refers: the letter's head and the bundle's requester.
 *
 * `country`: null until it was given. `time_zone`: whose days its letters, mails and call scripts
 * name; null where none was given.
 */
export interface Practice {
  address_line1?: string | null;
  address_line2?: string | null;
  city?: string | null;
  country?: string | null;
  created_at: string;
  email?: string | null;
  fax?: string | null;
  id: string;
  name: string;
  npi?: string | null;
  observed_at: string;
  phone?: string | null;
  postal_code?: string | null;
  state?: string | null;
  time_zone?: string | null;
  updated_at: string;
  version: number;
}
/**
 * A referral as a list shows it.
 *
 * `reference`: the letter's, from the draft on; a package may come without it. `scheduled_at`: the
 * appointment that the partner named last. `dispatch_status` is the e-referral's, as last heard;
 * `overdue` means active, requested, and `respond_by` past. `information_requested`: the partner's
 * question that waits for an answer. `follows`: what was sent on by this one; `followed_by`: by
 * which one this was.
 */
export interface Referral {
  cancel_reason?: string | null;
  created_at: string;
  dispatch_status?: EreferralStatus | null;
  ereferral_uuid?: string | null;
  followed_by?: Reference1 | null;
  follows?: Reference1 | null;
  fulfilment_status?: FulfilmentStatus | null;
  id: string;
  information_requested?: string | null;
  notes?: string | null;
  overdue?: boolean;
  patient: Reference1;
  priority: Priority;
  reason: string;
  reason_codes?:
    | []
    | [ReasonCode]
    | [ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | null;
  reference?: string | null;
  referral_partner: Reference1;
  referring_provider?: Reference1 | null;
  respond_by?: string | null;
  scheduled_at?: string | null;
  sent_at?: string | null;
  status: ReferralStatus;
  teeth?: string[] | null;
  updated_at: string;
  version: number;
}
/**
 * Another resource, as one that points to it shows it.
 */
export interface Reference1 {
  name?: string | null;
  uuid: string;
}
/**
 * A FHIR Coding.
 */
export interface ReasonCode {
  code: string;
  display?: string | null;
  system: string;
}
/**
 * A practitioner of the practice as the directory last saw them.
 */
export interface Provider {
  created_at: string;
  id: string;
  name: string;
  npi?: string | null;
  observed_at: string;
  updated_at: string;
  version: number;
}
/**
 * `ereferral.get` → 200 with attempts.
 */
export interface EreferralGet {
  ereferral_uuid: string;
  org_id: string;
}
/**
 * `ereferral.letter` → 200 with the letter that was composed last, or would be now.
 */
export interface EreferralLetter {
  ereferral_uuid: string;
  org_id: string;
}
/**
 * `ereferral.list` → 200 without attempts, newest first; what needs a person oldest first.
 */
export interface EreferralList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  needs_person?: boolean | null;
  org_id: string;
  page?: number;
  page_size?: number;
  referral_partner_uuid?: string | null;
  referral_uuid?: string | null;
  status?: EreferralStatus | null;
}
/**
 * An e-referral as a list shows it. `possible_repeat`: its letter says that it may be one.
 *
 * `reference`: the letter's. `next_attempt_at`: of a scheduled retry, or of a call that is due
 * again later.
 */
export interface Ereferral {
  address: string | null;
  channel: ContactMethod | null;
  created_at: string;
  id: string;
  next_attempt_at: string | null;
  possible_repeat: boolean;
  reference: string;
  referral_partner: Reference;
  referral_uuid: string;
  status: EreferralStatus;
  updated_at: string;
  version: number;
}
/**
 * `ereferral.preview` → 200 with the letter of a package. Nothing is stored.
 */
export interface EreferralPreview {
  org_id: string;
  partner: ReferralPartner;
  patient: Patient;
  practice: Practice;
  referral: Referral;
  referring_provider?: Provider | null;
  respond_by_offset_minutes?: number | null;
}
/**
 * `ereferral.provide_information` → 200: what the partner's page shows as told.
 */
export interface EreferralProvideInformation {
  ereferral_uuid: string;
  note: string;
  org_id: string;
}
export interface EreferralRecordResponse1 {
  ereferral_uuid: string;
  note?: string | null;
  occurred_at?: string | null;
  org_id: string;
  reason_code?: ResponseReason | null;
  response: Response;
  scheduled_at?: string | null;
}
/**
 * `ereferral.reopen` → 200: the partner may answer as if it had not yet.
 */
export interface EreferralReopen {
  ereferral_uuid: string;
  org_id: string;
}
/**
 * `ereferral.request_information` → 200: the partner asks for more before it answers.
 */
export interface EreferralRequestInformation {
  ereferral_uuid: string;
  note: string;
  org_id: string;
}
/**
 * `ereferral.resolve` → 200. `not_delivered` goes on to the next channel.
 */
export interface EreferralResolve {
  base_version: number;
  ereferral_uuid: string;
  note?: string | null;
  org_id: string;
  outcome: Resolution;
}
/**
 * `ereferral.retry` → 202: one attempt now, by `channel` or by the present one.
 */
export interface EreferralRetry {
  base_version: number;
  channel?: ContactMethod | null;
  ereferral_uuid: string;
  org_id: string;
}
/**
 * CloudEvent answer_link.locked, published to ereferral_dispatch.events.
 */
export interface EventAnswerLinkLocked {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: AnswerLink;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:answer_link:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "answer_link.locked";
}
/**
 * CloudEvent answer_link.renewed, published to ereferral_dispatch.events.
 */
export interface EventAnswerLinkRenewed {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: AnswerLink;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:answer_link:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "answer_link.renewed";
}
/**
 * CloudEvent connection.failed, published to connectors.events.
 */
export interface EventConnectionFailed {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Connection;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:connection:v1";
  id: string;
  orgid: string;
  source: "/connectors";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "connection.failed";
}
/**
 * CloudEvent connection.fulfilment_hint, published to connectors.events.
 */
export interface EventConnectionFulfilmentHint {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Connection;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:connection:v1";
  id: string;
  orgid: string;
  source: "/connectors";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "connection.fulfilment_hint";
}
/**
 * CloudEvent connection.recovered, published to connectors.events.
 */
export interface EventConnectionRecovered {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Connection;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:connection:v1";
  id: string;
  orgid: string;
  source: "/connectors";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "connection.recovered";
}
/**
 * CloudEvent connection.synced, published to connectors.events.
 */
export interface EventConnectionSynced {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Connection;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:connection:v1";
  id: string;
  orgid: string;
  source: "/connectors";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "connection.synced";
}
/**
 * CloudEvent contact.archived, published to referrals.events.
 */
export interface EventContactArchived {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Contact;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:contact:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "contact.archived";
}
/**
 * CloudEvent contact.put, published to referrals.events.
 */
export interface EventContactPut {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Contact;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:contact:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "contact.put";
}
/**
 * CloudEvent contact_referral.archived, published to referrals.events.
 */
export interface EventContactReferralArchived {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ContactReferral;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:contact_referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "contact_referral.archived";
}
/**
 * CloudEvent contact_referral.created, published to referrals.events.
 */
export interface EventContactReferralCreated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ContactReferral;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:contact_referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "contact_referral.created";
}
/**
 * CloudEvent contact_referral.updated, published to referrals.events.
 */
export interface EventContactReferralUpdated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ContactReferral;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:contact_referral:v1";
  id: string;
  orgid: string;
  overwrote: boolean;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "contact_referral.updated";
}
/**
 * CloudEvent ereferral.attempt_failed, published to ereferral_dispatch.events.
 */
export interface EventEreferralAttemptFailed {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.attempt_failed";
}
/**
 * CloudEvent ereferral.call_requested, published to ereferral_dispatch.events.
 */
export interface EventEreferralCallRequested {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.call_requested";
}
/**
 * CloudEvent ereferral.cancelled, published to ereferral_dispatch.events.
 */
export interface EventEreferralCancelled {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.cancelled";
}
/**
 * CloudEvent ereferral.delivered, published to ereferral_dispatch.events.
 */
export interface EventEreferralDelivered {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.delivered";
}
/**
 * CloudEvent ereferral.failed, published to ereferral_dispatch.events.
 */
export interface EventEreferralFailed {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.failed";
}
/**
 * CloudEvent ereferral.held, published to ereferral_dispatch.events.
 */
export interface EventEreferralHeld {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.held";
}
/**
 * CloudEvent ereferral.information_provided, published to ereferral_dispatch.events.
 */
export interface EventEreferralInformationProvided {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.information_provided";
}
/**
 * CloudEvent ereferral.information_requested, published to ereferral_dispatch.events.
 */
export interface EventEreferralInformationRequested {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.information_requested";
}
/**
 * CloudEvent ereferral.outcome_unknown, published to ereferral_dispatch.events.
 */
export interface EventEreferralOutcomeUnknown {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.outcome_unknown";
}
/**
 * CloudEvent ereferral.queued, published to ereferral_dispatch.events.
 */
export interface EventEreferralQueued {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.queued";
}
/**
 * CloudEvent ereferral.reopened, published to ereferral_dispatch.events.
 */
export interface EventEreferralReopened {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.reopened";
}
/**
 * CloudEvent ereferral.response_recorded, published to ereferral_dispatch.events.
 */
export interface EventEreferralResponseRecorded {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.response_recorded";
}
/**
 * CloudEvent ereferral.retry_scheduled, published to ereferral_dispatch.events.
 */
export interface EventEreferralRetryScheduled {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.retry_scheduled";
}
/**
 * CloudEvent ereferral.sent, published to ereferral_dispatch.events.
 */
export interface EventEreferralSent {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: EreferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:ereferral:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "ereferral.sent";
}
/**
 * CloudEvent import.row_refused, published to connectors.events.
 */
export interface EventImportRowRefused {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ImportRow;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:import_row:v1";
  id: string;
  orgid: string;
  source: "/connectors";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "import.row_refused";
}
/**
 * A row that waits for a person. `fields` are names, never values.
 */
export interface ImportRow {
  code: string;
  connection_uuid: string;
  created_at: string;
  external_id: string;
  external_version: string;
  fields: string[];
  id: string;
  kind: ImportKind;
  resolution: RowResolution | null;
  resolved_at: string | null;
  updated_at: string;
  uuid: string | null;
  version: number;
}
/**
 * CloudEvent import.row_resolved, published to connectors.events.
 */
export interface EventImportRowResolved {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ImportRow;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:import_row:v1";
  id: string;
  orgid: string;
  source: "/connectors";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "import.row_resolved";
}
/**
 * CloudEvent intake.accepted, published to referrals.events.
 */
export interface EventIntakeAccepted {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Intake;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:intake:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "intake.accepted";
}
/**
 * A row as a list shows it.
 *
 * `row_number` counts the rows of its group from 1. `possible_repeat_of` is an earlier group with
 * the same fingerprint. `patient`, or `contact`, is whom it was taken in as, with what was made
 * beside a patient. `warnings` are of fields that did not parse: those are kept in `extra` as they
 * came. `decided_by`: the actor, where one was named. `emptied_at`: since when what it said is not
 * kept any more.
 */
export interface Intake {
  contact: Reference | null;
  created_at: string;
  date_of_birth: string | null;
  decided_at: string | null;
  decided_by: string | null;
  description: string | null;
  email: string | null;
  emptied_at: string | null;
  extra: {
    [k: string]: string | number | boolean | null;
  };
  first_name: string;
  group_uuid: string;
  id: string;
  mobile: string | null;
  note: string | null;
  org_type_id: string | null;
  patient: Reference | null;
  possible_repeat_of: string | null;
  project: string | null;
  reason: RejectReason | null;
  referral_attribution_uuid: string | null;
  referral_role: string | null;
  referral_uuid: string | null;
  row_number: number;
  source: string | null;
  status: IntakeStatus;
  surname: string;
  suspected_spam: boolean;
  telephone: string | null;
  updated_at: string;
  version: number;
  warnings: FieldWarning1[];
}
/**
 * A field that is not as it was given, and what to do; nothing quotes its value.
 */
export interface FieldWarning1 {
  field: string;
  msg: string;
  type: string;
}
/**
 * CloudEvent intake.linked, published to referrals.events.
 */
export interface EventIntakeLinked {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Intake;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:intake:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "intake.linked";
}
/**
 * CloudEvent intake.received, published to referrals.events.
 */
export interface EventIntakeReceived {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Intake;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:intake:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "intake.received";
}
/**
 * CloudEvent intake.rejected, published to referrals.events.
 */
export interface EventIntakeRejected {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Intake;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:intake:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "intake.rejected";
}
/**
 * CloudEvent intake.reopened, published to referrals.events.
 */
export interface EventIntakeReopened {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Intake;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:intake:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "intake.reopened";
}
/**
 * CloudEvent mail_relay.held, published to ereferral_dispatch.events.
 */
export interface EventMailRelayHeld {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: MailRelay;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:mail_relay:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "mail_relay.held";
}
/**
 * The relay that e-mails, and faxes by mail, go out through: one for all orgs.
 *
 * `name`: scheme, host and port, without user and password. `code` and `detail`: why it could not
 * be used; null once it is let go.
 */
export interface MailRelay {
  code: string | null;
  created_at: string;
  detail: string | null;
  held: boolean;
  held_at: string | null;
  id: string;
  name: string;
  updated_at: string;
  version: number;
}
/**
 * CloudEvent mail_relay.released, published to ereferral_dispatch.events.
 */
export interface EventMailRelayReleased {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: MailRelay;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:mail_relay:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "mail_relay.released";
}
/**
 * CloudEvent partner_channel.held, published to ereferral_dispatch.events.
 */
export interface EventPartnerChannelHeld {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: PartnerChannel;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:partner_channel:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "partner_channel.held";
}
/**
 * A partner's channel, as the events about its being held show it. Its id is its lane's.
 */
export interface PartnerChannel {
  address: string;
  channel: ContactMethod;
  created_at: string;
  held: boolean;
  held_at: string | null;
  id: string;
  referral_partner: Reference;
  updated_at: string;
  version: number;
}
/**
 * CloudEvent partner_channel.released, published to ereferral_dispatch.events.
 */
export interface EventPartnerChannelReleased {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: PartnerChannel;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:partner_channel:v1";
  id: string;
  orgid: string;
  source: "/ereferral_dispatch";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "partner_channel.released";
}
/**
 * CloudEvent patient.archived, published to referrals.events.
 */
export interface EventPatientArchived {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Patient1;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:patient:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "patient.archived";
}
/**
 * A patient as the directory last saw them.
 *
 * `phone_as_given`: a national number of which the practice's country, another one than when it
 * was put, has no such; then `phone` is null, and `warnings` says what to do.
 */
export interface Patient1 {
  created_at: string;
  date_of_birth: string | null;
  email: string | null;
  id: string;
  name: string;
  observed_at: string;
  phone: string | null;
  phone_as_given: string | null;
  updated_at: string;
  version: number;
  warnings: FieldWarning1[];
}
/**
 * CloudEvent patient.put, published to referrals.events.
 */
export interface EventPatientPut {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Patient1;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:patient:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "patient.put";
}
/**
 * CloudEvent practice.put, published to referrals.events.
 */
export interface EventPracticePut {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Practice1;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:practice:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "practice.put";
}
/**
 * The practice that refers: the letter's head and the bundle's requester.
 *
 * `country`: null until it was given. `time_zone`: whose days its letters, mails and call scripts
 * name; null where none was given.
 */
export interface Practice1 {
  address_line1: string | null;
  address_line2: string | null;
  city: string | null;
  country: string | null;
  created_at: string;
  email: string | null;
  fax: string | null;
  id: string;
  name: string;
  npi: string | null;
  observed_at: string;
  phone: string | null;
  postal_code: string | null;
  state: string | null;
  time_zone: string | null;
  updated_at: string;
  version: number;
}
/**
 * CloudEvent provider.archived, published to referrals.events.
 */
export interface EventProviderArchived {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Provider1;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:provider:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "provider.archived";
}
/**
 * A practitioner of the practice as the directory last saw them.
 */
export interface Provider1 {
  created_at: string;
  id: string;
  name: string;
  npi: string | null;
  observed_at: string;
  updated_at: string;
  version: number;
}
/**
 * CloudEvent provider.put, published to referrals.events.
 */
export interface EventProviderPut {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: Provider1;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:provider:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "provider.put";
}
/**
 * CloudEvent referral.cancelled, published to referrals.events.
 */
export interface EventReferralCancelled {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.cancelled";
}
/**
 * A referral as its events show it: a list item, and the answer that the event is about.
 *
 * The answer comes with `referral.response_recorded`; `response_occurred_at` where the partner
 * answered before it was recorded.
 */
export interface ReferralChange {
  cancel_reason: string | null;
  created_at: string;
  dispatch_status: EreferralStatus | null;
  ereferral_uuid: string | null;
  followed_by: Reference | null;
  follows: Reference | null;
  fulfilment_status: FulfilmentStatus | null;
  id: string;
  information_requested: string | null;
  notes: string | null;
  overdue: boolean;
  patient: Reference;
  priority: Priority;
  reason: string;
  reason_codes:
    | []
    | [ReasonCode1]
    | [ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | null;
  reference: string | null;
  referral_partner: Reference;
  referring_provider: Reference | null;
  respond_by: string | null;
  response?: Response;
  response_note?: string;
  response_occurred_at?: string;
  response_reason_code?: ResponseReason;
  response_scheduled_at?: string;
  scheduled_at: string | null;
  sent_at: string | null;
  status: ReferralStatus;
  teeth: string[] | null;
  updated_at: string;
  version: number;
}
/**
 * A FHIR Coding.
 */
export interface ReasonCode1 {
  code: string;
  display: string | null;
  system: string;
}
/**
 * CloudEvent referral.created, published to referrals.events.
 */
export interface EventReferralCreated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.created";
}
/**
 * CloudEvent referral.dispatch_changed, published to referrals.events.
 */
export interface EventReferralDispatchChanged {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.dispatch_changed";
}
/**
 * CloudEvent referral.information_provided, published to referrals.events.
 */
export interface EventReferralInformationProvided {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.information_provided";
}
/**
 * CloudEvent referral.information_requested, published to referrals.events.
 */
export interface EventReferralInformationRequested {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.information_requested";
}
/**
 * CloudEvent referral.overdue, published to referrals.events.
 */
export interface EventReferralOverdue {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.overdue";
}
/**
 * CloudEvent referral.reopened, published to referrals.events.
 */
export interface EventReferralReopened {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.reopened";
}
/**
 * CloudEvent referral.response_recorded, published to referrals.events.
 */
export interface EventReferralResponseRecorded {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.response_recorded";
}
/**
 * CloudEvent referral.sent, published to referrals.events.
 */
export interface EventReferralSent {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.sent";
}
/**
 * CloudEvent referral.sent_on, published to referrals.events.
 */
export interface EventReferralSentOn {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.sent_on";
}
/**
 * CloudEvent referral.updated, published to referrals.events.
 */
export interface EventReferralUpdated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralChange;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral.updated";
}
/**
 * CloudEvent referral_attribution.archived, published to referrals.events.
 */
export interface EventReferralAttributionArchived {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralAttribution;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_attribution:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_attribution.archived";
}
/**
 * An attribution as it is shown: one of the four references is set.
 */
export interface ReferralAttribution {
  attributed_at: string;
  attribution_role: AttributionRole;
  created_at: string;
  id: string;
  patient: Reference;
  provider: Reference | null;
  referral_partner: Reference | null;
  referral_source: Reference | null;
  referring_patient: Reference | null;
  source_note: string | null;
  updated_at: string;
  version: number;
}
/**
 * CloudEvent referral_attribution.created, published to referrals.events.
 */
export interface EventReferralAttributionCreated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralAttribution;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_attribution:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_attribution.created";
}
/**
 * CloudEvent referral_attribution.updated, published to referrals.events.
 */
export interface EventReferralAttributionUpdated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralAttribution;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_attribution:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_attribution.updated";
}
/**
 * CloudEvent referral_partner.archived, published to referrals.events.
 */
export interface EventReferralPartnerArchived {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralPartner1;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_partner:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_partner.archived";
}
/**
 * A partner as it is shown. Phone and fax in E.164, `;ext=` behind it.
 *
 * Where it comes back in a frozen package, its texts and addresses are checked like
 * anybody's.
 */
export interface ReferralPartner1 {
  accepts_ereferral: boolean;
  address_line1: string | null;
  address_line2: string | null;
  city: string | null;
  contact_type: ContactType;
  country: string;
  created_at: string;
  email: string | null;
  ereferral_endpoint: string | null;
  fax: string | null;
  first_name: string | null;
  id: string;
  is_active: boolean;
  last_name: string | null;
  notes: string | null;
  npi: string | null;
  phone: string | null;
  postal_code: string | null;
  practice_name: string | null;
  preferred_contact_method: ContactMethod | null;
  specialty: string | null;
  state: string | null;
  updated_at: string;
  version: number;
}
/**
 * CloudEvent referral_partner.created, published to referrals.events.
 */
export interface EventReferralPartnerCreated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralPartner1;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_partner:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_partner.created";
}
/**
 * CloudEvent referral_partner.updated, published to referrals.events.
 */
export interface EventReferralPartnerUpdated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralPartner1;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_partner:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_partner.updated";
}
/**
 * CloudEvent referral_source.archived, published to referrals.events.
 */
export interface EventReferralSourceArchived {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralSource;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_source:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_source.archived";
}
/**
 * A source as it is shown.
 *
 * `sort_order` counts the org's sources from 1, archived ones too. `patient_count`: the distinct
 * patients with an unarchived attribution to it. `total_cost`: its unarchived costs, in dollars.
 */
export interface ReferralSource {
  category: SourceCategory;
  created_at: string;
  description: string | null;
  id: string;
  is_active: boolean;
  linked_patient: Reference | null;
  linked_referral_partner: Reference | null;
  name: string;
  patient_count: number;
  sort_order: number;
  total_cost: number;
  updated_at: string;
  version: number;
}
/**
 * CloudEvent referral_source.created, published to referrals.events.
 */
export interface EventReferralSourceCreated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralSource;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_source:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_source.created";
}
/**
 * CloudEvent referral_source.updated, published to referrals.events.
 */
export interface EventReferralSourceUpdated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralSource;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_source:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_source.updated";
}
/**
 * CloudEvent referral_source_cost.archived, published to referrals.events.
 */
export interface EventReferralSourceCostArchived {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralSourceCost;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_source_cost:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_source_cost.archived";
}
/**
 * A cost as it is shown.
 */
export interface ReferralSourceCost {
  amount: string;
  created_at: string;
  id: string;
  notes: string | null;
  period_end: string;
  period_start: string;
  referral_source: Reference;
  updated_at: string;
  version: number;
}
/**
 * CloudEvent referral_source_cost.created, published to referrals.events.
 */
export interface EventReferralSourceCostCreated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralSourceCost;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_source_cost:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_source_cost.created";
}
/**
 * CloudEvent referral_source_cost.updated, published to referrals.events.
 */
export interface EventReferralSourceCostUpdated {
  aggregateversion: number;
  causationid?: string;
  changed?: string;
  data: ReferralSourceCost;
  datacontenttype: "application/json";
  dataschema: "urn:handoff:schema:referral_source_cost:v1";
  id: string;
  orgid: string;
  source: "/referrals";
  specversion: "1.0";
  subject: string;
  time: string;
  traceparent?: string;
  type: "referral_source_cost.updated";
}
/**
 * A row of the other side and the resource that it is. `erased`: it is passed over forever.
 */
export interface ExternalId {
  connection_uuid: string;
  created_at: string;
  erased: boolean;
  external_id: string;
  id: string;
  kind: ImportKind;
  updated_at: string;
  uuid: string;
  version: number;
}
/**
 * `external_id.link` → 200: the row there is this resource here.
 */
export interface ExternalIdLink {
  connection_uuid: string;
  external_id: string;
  kind: ImportKind;
  org_id: string;
  uuid: string;
}
/**
 * `external_id.list` → 200.
 */
export interface ExternalIdList {
  connection_uuid?: string | null;
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  external_id?: string | null;
  kind?: ImportKind | null;
  org_id: string;
  page?: number;
  page_size?: number;
  uuid?: string | null;
}
/**
 * One field that breaks a rule. `loc` is its path in the body; nothing quotes its value.
 */
export interface FieldError {
  loc: (string | number)[];
  msg: string;
  type: string;
}
/**
 * `import_row.list` → 200, oldest first.
 */
export interface ImportRowList {
  code?: string | null;
  connection_uuid?: string | null;
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  kind?: ImportKind | null;
  org_id: string;
  page?: number;
  page_size?: number;
  resolved?: boolean | null;
}
/**
 * `import_row.resolve` → 200. `uuid` only with `link`: the resource that is meant.
 */
export interface ImportRowResolve {
  base_version: number;
  import_row_uuid: string;
  org_id: string;
  resolution: RowResolution;
  uuid?: string | null;
}
/**
 * `intake.accept` → 200: a new patient of that id, what brought them, and a draft.
 *
 * As a contact it is a new contact alone: nothing brought them, and there is no draft.
 */
export interface IntakeAccept {
  as?: AcceptedAs;
  attribution?: IntakeAttribution | null;
  base_version: number;
  intake_uuid: string;
  org_id: string;
  patient_uuid?: string | null;
  referral?: IntakeReferral | null;
}
/**
 * What brought the person: exactly one of the four references.
 *
 * Without a role it is the primary one, or a secondary one where the patient has a primary.
 */
export interface IntakeAttribution {
  attribution_role?: AttributionRole | null;
  provider_uuid?: string | null;
  referral_partner_uuid?: string | null;
  referral_source_uuid?: string | null;
  referring_patient_uuid?: string | null;
  source_note?: string | null;
}
/**
 * A draft to make. What is left out of `reason` and `notes` the row's description says.
 *
 * The partner may be left out where the row's project is mapped to one.
 */
export interface IntakeReferral {
  notes?: string | null;
  priority?: Priority;
  reason?: string | null;
  reason_codes?:
    | []
    | [ReasonCode]
    | [ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | null;
  referral_partner_uuid?: string | null;
  referring_provider_uuid?: string | null;
  respond_by?: string | null;
  teeth?: string[] | null;
}
/**
 * A patient whom a row may be about, and why.
 */
export interface IntakeCandidate {
  likeness: Likeness;
  patient: Patient1;
  reasons: LikenessReason[];
}
/**
 * A row with its whole group, the patients that it may be, and what its form is mapped to.
 */
export interface IntakeDetail {
  candidates: IntakeCandidate[];
  contact: Reference | null;
  created_at: string;
  date_of_birth: string | null;
  decided_at: string | null;
  decided_by: string | null;
  description: string | null;
  email: string | null;
  emptied_at: string | null;
  extra: {
    [k: string]: string | number | boolean | null;
  };
  first_name: string;
  group: IntakeGroupRow[];
  group_uuid: string;
  id: string;
  mapped_partner: Reference | null;
  mapped_source: Reference | null;
  mobile: string | null;
  note: string | null;
  org_type_id: string | null;
  patient: Reference | null;
  possible_repeat_of: string | null;
  project: string | null;
  reason: RejectReason | null;
  referral_attribution_uuid: string | null;
  referral_role: string | null;
  referral_uuid: string | null;
  row_number: number;
  source: string | null;
  status: IntakeStatus;
  surname: string;
  suspected_spam: boolean;
  telephone: string | null;
  updated_at: string;
  version: number;
  warnings: FieldWarning1[];
}
/**
 * A row of a group, as one of the others shows it.
 */
export interface IntakeGroupRow {
  first_name: string;
  referral_role: string | null;
  row_number: number;
  status: IntakeStatus;
  surname: string;
  uuid: string;
}
/**
 * `intake.get` → 200 with its group and the patients that it may be.
 */
export interface IntakeGet {
  intake_uuid: string;
  org_id: string;
}
/**
 * `intake.link` → 200: a patient who is there, what brought them, and a draft.
 */
export interface IntakeLink {
  attribution?: IntakeAttribution | null;
  base_version: number;
  intake_uuid: string;
  org_id: string;
  patient_uuid: string;
  referral?: IntakeReferral | null;
}
/**
 * `intake.list` → 200, oldest first.
 */
export interface IntakeList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
  search?: string | null;
  source?: string | number | null;
  status?: IntakeStatus | null;
  suspected_spam?: boolean | null;
}
/**
 * A form's role, or a whole form, with its referral source; or a project with its partner.
 */
export interface IntakeMapEntry {
  created_at: string;
  id: string;
  project: string | null;
  referral_partner: Reference | null;
  referral_role: string | null;
  referral_source: Reference | null;
  source: string | null;
  updated_at: string;
  version: number;
}
/**
 * `intake_map.list` → 200: projects, then sources, each by its id outside.
 */
export interface IntakeMapList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
}
/**
 * `intake_map.put` → 200 with what now holds; null where it was removed.
 *
 * Either `source`, with a `referral_role` or for all of its roles, and `referral_source_uuid`; or
 * `project` and `referral_partner_uuid`. A null uuid removes.
 */
export interface IntakeMapPut {
  org_id: string;
  project?: string | number | null;
  referral_partner_uuid?: string | null;
  referral_role?: string | number | null;
  referral_source_uuid?: string | null;
  source?: string | number | null;
}
/**
 * `intake.reject` → 200.
 */
export interface IntakeReject {
  base_version: number;
  intake_uuid: string;
  note?: string | null;
  org_id: string;
  reason: RejectReason;
}
/**
 * `intake.reopen` → 200; of a rejected row.
 */
export interface IntakeReopen {
  base_version: number;
  intake_uuid: string;
  org_id: string;
}
/**
 * A person whom somebody outside refers. Any other field of a form is taken beside these.
 *
 * `source` is the form, `referral_role` the part that the person plays in it, `project` where the
 * referral must go. `date_of_birth`, `telephone`, `mobile` and `email` may be anything: what does
 * not parse is kept as it is.
 */
export interface IntakeRow {
  date_of_birth?: string | number | boolean | null;
  description?: string | null;
  email?: string | number | boolean | null;
  first_name: string;
  mobile?: string | number | boolean | null;
  org_type_id: string | number;
  project?: string | number | null;
  referral_role?: string | number | null;
  source?: string | number | null;
  surname: string;
  telephone?: string | number | boolean | null;
  [k: string]: string | number | boolean | null | undefined;
}
/**
 * `intake.submit` → 202. All rows are one group: all are staged, or none.
 *
 * `fingerprint`: a second submission with the same one on the same UTC day is the first one,
 * unless all its rows were rejected meanwhile. Without it every message is one of its own.
 */
export interface IntakeSubmit {
  fingerprint?: string | null;
  org_id: string;
  /**
   * @minItems 1
   * @maxItems 50
   */
  rows: [IntakeRow, ...IntakeRow[]];
  suspected_spam?: boolean;
}
/**
 * The group that was staged, and its rows in their order.
 */
export interface IntakeSubmitted {
  group_uuid: string;
  intake_uuids: string[];
}
export interface ListingAnswerLink {
  items: AnswerLink[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingConnection {
  items: Connection[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingConnectionRun {
  items: ConnectionRun[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingContact {
  items: Contact[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingContactReferral {
  items: ContactReferral[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingEreferral {
  items: Ereferral[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingExternalId {
  items: ExternalId[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingImportRow {
  items: ImportRow[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingIntake {
  items: Intake[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingIntakeMapEntry {
  items: IntakeMapEntry[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingPatient {
  items: Patient1[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingProvider {
  items: Provider1[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingReferral {
  items: Referral1[];
  page: number;
  page_size: number;
  total: number;
}
/**
 * A referral as a list shows it.
 *
 * `reference`: the letter's, from the draft on; a package may come without it. `scheduled_at`: the
 * appointment that the partner named last. `dispatch_status` is the e-referral's, as last heard;
 * `overdue` means active, requested, and `respond_by` past. `information_requested`: the partner's
 * question that waits for an answer. `follows`: what was sent on by this one; `followed_by`: by
 * which one this was.
 */
export interface Referral1 {
  cancel_reason: string | null;
  created_at: string;
  dispatch_status: EreferralStatus | null;
  ereferral_uuid: string | null;
  followed_by: Reference | null;
  follows: Reference | null;
  fulfilment_status: FulfilmentStatus | null;
  id: string;
  information_requested: string | null;
  notes: string | null;
  overdue: boolean;
  patient: Reference;
  priority: Priority;
  reason: string;
  reason_codes:
    | []
    | [ReasonCode1]
    | [ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | null;
  reference: string | null;
  referral_partner: Reference;
  referring_provider: Reference | null;
  respond_by: string | null;
  scheduled_at: string | null;
  sent_at: string | null;
  status: ReferralStatus;
  teeth: string[] | null;
  updated_at: string;
  version: number;
}
export interface ListingReferralAttribution {
  items: ReferralAttribution[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingReferralPartner {
  items: ReferralPartner1[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingReferralSource {
  items: ReferralSource[];
  page: number;
  page_size: number;
  total: number;
}
export interface ListingReferralSourceCost {
  items: ReferralSourceCost[];
  page: number;
  page_size: number;
  total: number;
}
/**
 * What a link shows. `sent_on`: the day of the letter. `referral` is null without a proof.
 *
 * `id`: whoever answers goes out as the actor `answer_link:<id>`.
 */
export interface OpenedAnswerLink {
  expires_at: string;
  id: string;
  partner: string | null;
  practice: AnswerLinkPractice;
  referral: AnswerLinkReferral | null;
  sent_on: string;
  status: AnswerLinkStatus;
}
/**
 * An operator of the other side and the visiting partner who that is.
 */
export interface OperatorMap {
  connection_uuid: string;
  created_at: string;
  external_id: string;
  id: string;
  referral_partner_uuid: string | null;
  updated_at: string;
  version: number;
}
/**
 * `operator_map.set` → 200; null forgets it.
 */
export interface OperatorMapSet {
  connection_uuid: string;
  external_id: string;
  org_id: string;
  referral_partner_uuid: string | null;
}
/**
 * `partner_channel.release` → 200 with the channel; a held lane lets all go again.
 */
export interface PartnerChannelRelease {
  channel: ContactMethod;
  org_id: string;
  referral_partner_uuid: string;
}
/**
 * `patient.archive` → 204; a stale one 200 with what is held, null if that is an archive.
 */
export interface PatientArchive {
  observed_at: string;
  org_id: string;
  patient_uuid: string;
}
/**
 * `patient.get` → 200.
 */
export interface PatientGet {
  org_id: string;
  patient_uuid: string;
}
/**
 * `patient.list` → 200, by name. `search`: name, phone and e-mail.
 */
export interface PatientList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
  search?: string | null;
}
/**
 * `patient.put` → 200 with what is now held; null where a newer archive is.
 */
export interface PatientPut {
  date_of_birth?: string | null;
  email?: string | null;
  name: string;
  observed_at: string;
  org_id: string;
  patient_uuid: string;
  phone?: string | null;
}
/**
 * The newest entries about a patient, at most 500, the newest first; `total` counts all.
 *
 * Nobody checks that there is such a patient: what was done with one who is archived or erased
 * stays in the trail.
 */
export interface PatientTrail {
  entries: TrailLine[];
  total: number;
}
/**
 * One thing that was done or read. `client` is an AMQP user, `actor` the person behind it.
 *
 * `operation`: the message's, or what was done past the services, at the command line. `status` is
 * the reply's; `record_uuid` what was made or changed.
 */
export interface TrailLine {
  actor: string | null;
  at: string;
  client: string | null;
  message_uuid: string | null;
  operation: string;
  record_uuid: string | null;
  status: number;
}
/**
 * `patient_trail.get`, `ereferral_trail.get` → 200. To have asked is an entry too.
 */
export interface PatientTrailGet {
  org_id: string;
  patient_uuid: string;
}
/**
 * `practice.get` → 200.
 */
export interface PracticeGet {
  org_id: string;
}
/**
 * `practice.put` → 200 with what is now held; an org has one practice.
 *
 * `country` left out: as it is held, or not known yet; without it no national number can
 * be read.
 *
 * `time_zone`: the days in letters, mails and call scripts are those of this zone. Without it the
 * day of `respond_by` is the one in the offset in which it was named, and all others are in UTC.
 */
export interface PracticePut {
  address_line1?: string | null;
  address_line2?: string | null;
  city?: string | null;
  country?: string;
  email?: string | null;
  fax?: string | null;
  name: string;
  npi?: string | null;
  observed_at: string;
  org_id: string;
  phone?: string | null;
  postal_code?: string | null;
  state?: string | null;
  time_zone?: string | null;
}
/**
 * The reply's `problem`. `current_version` is sent with `version_conflict` alone.
 */
export interface Problem {
  code: ProblemCode;
  current_version?: number;
  detail: string;
  errors: FieldError[];
  title: string;
}
/**
 * `provider.archive` → 204; a stale one 200 with what is held, null if that is an archive.
 */
export interface ProviderArchive {
  observed_at: string;
  org_id: string;
  provider_uuid: string;
}
/**
 * `provider.get` → 200.
 */
export interface ProviderGet {
  org_id: string;
  provider_uuid: string;
}
/**
 * `provider.list` → 200, by name. `search`: name.
 */
export interface ProviderList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
  search?: string | null;
}
/**
 * `provider.put` → 200 with what is now held; null where a newer archive is.
 */
export interface ProviderPut {
  name: string;
  npi?: string | null;
  observed_at: string;
  org_id: string;
  provider_uuid: string;
}
/**
 * `referral_attribution.archive` → 204. The place of a primary one is free again.
 */
export interface ReferralAttributionArchive {
  attribution_uuid: string;
  base_version: number;
  org_id: string;
  patient_uuid: string;
}
/**
 * `referral_attribution.create` → 201. Exactly one of the four references is given.
 *
 * `attributed_at`: when it brought the patient, if not now; of history that is imported.
 */
export interface ReferralAttributionCreate {
  attributed_at?: string | null;
  attribution_role?: AttributionRole1;
  id?: string | null;
  org_id: string;
  patient_uuid: string;
  provider_uuid?: string | null;
  referral_partner_uuid?: string | null;
  referral_source_uuid?: string | null;
  referring_patient_uuid?: string | null;
  source_note?: string | null;
}
/**
 * `referral_attribution.get` → 200.
 */
export interface ReferralAttributionGet {
  attribution_uuid: string;
  org_id: string;
  patient_uuid: string;
}
/**
 * `referral_attribution.list` → 200, newest first.
 */
export interface ReferralAttributionList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
  patient_uuid: string;
}
/**
 * `referral_attribution.update` → 200. The references never change.
 */
export interface ReferralAttributionUpdate {
  attribution_role?: AttributionRole;
  attribution_uuid: string;
  base_version: number;
  org_id: string;
  patient_uuid: string;
  source_note?: string | null;
}
/**
 * `referral.cancel` → 200; of a draft or an active one.
 */
export interface ReferralCancel {
  base_version: number;
  org_id: string;
  reason: string;
  referral_uuid: string;
}
/**
 * `referral.create` → 201, a draft.
 *
 * `follows_uuid`: the referral of the same patient that is sent on by it, to another partner: one
 * that was declined, failed, could not be delivered or is overdue.
 */
export interface ReferralCreate {
  follows_uuid?: string | null;
  id?: string | null;
  notes?: string | null;
  org_id: string;
  patient_uuid: string;
  priority?: Priority1;
  reason: string;
  reason_codes?:
    | []
    | [ReasonCode]
    | [ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | null;
  referral_partner_uuid: string;
  referring_provider_uuid?: string | null;
  respond_by?: string | null;
  teeth?: string[] | null;
}
/**
 * A referral with its timeline, oldest first.
 */
export interface ReferralDetail {
  cancel_reason: string | null;
  created_at: string;
  dispatch_status: EreferralStatus | null;
  ereferral_uuid: string | null;
  followed_by: Reference | null;
  follows: Reference | null;
  fulfilment_status: FulfilmentStatus | null;
  id: string;
  information_requested: string | null;
  notes: string | null;
  overdue: boolean;
  patient: Reference;
  priority: Priority;
  reason: string;
  reason_codes:
    | []
    | [ReasonCode1]
    | [ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1, ReasonCode1]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | [
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1,
        ReasonCode1
      ]
    | null;
  reference: string | null;
  referral_partner: Reference;
  referring_provider: Reference | null;
  respond_by: string | null;
  scheduled_at: string | null;
  sent_at: string | null;
  status: ReferralStatus;
  teeth: string[] | null;
  timeline: TimelineEntry[];
  updated_at: string;
  version: number;
}
/**
 * One thing that happened to a referral; `actor` is an opaque id or null.
 *
 * `reason_code` and `scheduled_at` are a partner's answer's.
 */
export interface TimelineEntry {
  actor: string | null;
  at: string;
  detail: string | null;
  event: string;
  reason_code: ResponseReason | null;
  scheduled_at: string | null;
}
/**
 * `referral.get` → 200 with the timeline.
 */
export interface ReferralGet {
  org_id: string;
  referral_uuid: string;
}
/**
 * `referral.list` → 200, newest first.
 *
 * `sent_on`: whether one follows that is not cancelled. `search`: the patient's name, the
 * partner's display name, the reference.
 */
export interface ReferralList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  dispatch_status?: EreferralStatus | null;
  fulfilment_status?: FulfilmentStatus | null;
  information_requested?: boolean | null;
  org_id: string;
  overdue?: boolean | null;
  page?: number;
  page_size?: number;
  patient_uuid?: string | null;
  priority?: Priority | null;
  referral_partner_uuid?: string | null;
  search?: string | null;
  sent_on?: boolean | null;
  status?: ReferralStatus | null;
}
/**
 * `referral_partner.archive` → 204.
 */
export interface ReferralPartnerArchive {
  base_version: number;
  org_id: string;
  referral_partner_uuid: string;
}
/**
 * `referral_partner.create` → 201.
 */
export interface ReferralPartnerCreate {
  accepts_ereferral?: boolean;
  address_line1?: string | null;
  address_line2?: string | null;
  city?: string | null;
  contact_type?: ContactType1;
  country?: string;
  email?: string | null;
  ereferral_endpoint?: string | null;
  fax?: string | null;
  first_name?: string | null;
  id?: string | null;
  is_active?: boolean;
  last_name?: string | null;
  notes?: string | null;
  npi?: string | null;
  org_id: string;
  phone?: string | null;
  postal_code?: string | null;
  practice_name?: string | null;
  preferred_contact_method?: ContactMethod | null;
  specialty?: string | null;
  state?: string | null;
}
/**
 * `referral_partner.get` → 200.
 */
export interface ReferralPartnerGet {
  org_id: string;
  referral_partner_uuid: string;
}
/**
 * `referral_partner.list` → 200, by display name.
 *
 * `specialty` is equality, `search` a part of names and NPI; both without regard to case, in any
 * script.
 */
export interface ReferralPartnerList {
  contact_type?: ContactType | null;
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  is_active?: boolean | null;
  org_id: string;
  page?: number;
  page_size?: number;
  search?: string | null;
  specialty?: string | null;
}
/**
 * `referral_partner.update` → 200.
 */
export interface ReferralPartnerUpdate {
  accepts_ereferral?: boolean;
  address_line1?: string | null;
  address_line2?: string | null;
  base_version: number;
  city?: string | null;
  contact_type?: ContactType;
  country?: string;
  email?: string | null;
  ereferral_endpoint?: string | null;
  fax?: string | null;
  first_name?: string | null;
  is_active?: boolean;
  last_name?: string | null;
  notes?: string | null;
  npi?: string | null;
  org_id: string;
  phone?: string | null;
  postal_code?: string | null;
  practice_name?: string | null;
  preferred_contact_method?: ContactMethod | null;
  referral_partner_uuid: string;
  specialty?: string | null;
  state?: string | null;
}
/**
 * `referral.preview` → 200 with the letter that a draft would be sent with. Nothing is kept.
 */
export interface ReferralPreview {
  org_id: string;
  referral_uuid: string;
}
/**
 * `referral.provide_information` → 200: what the partner who asked is told.
 */
export interface ReferralProvideInformation {
  base_version: number;
  note: string;
  org_id: string;
  referral_uuid: string;
}
export interface ReferralRecordResponse1 {
  note?: string | null;
  occurred_at?: string | null;
  org_id: string;
  reason_code?: ResponseReason | null;
  referral_uuid: string;
  response: Response;
  scheduled_at?: string | null;
}
/**
 * `referral.reopen` → 200: one that was declined by mistake is `requested` again.
 */
export interface ReferralReopen {
  base_version: number;
  note: string;
  org_id: string;
  referral_uuid: string;
}
/**
 * `referral.send` → 202; what is sent is frozen at that moment.
 */
export interface ReferralSend {
  base_version: number;
  org_id: string;
  referral_uuid: string;
}
/**
 * `referral_source.archive` → 204. Attributions to it are kept.
 */
export interface ReferralSourceArchive {
  base_version: number;
  org_id: string;
  referral_source_uuid: string;
}
/**
 * `referral_source_cost.archive` → 204.
 */
export interface ReferralSourceCostArchive {
  base_version: number;
  cost_uuid: string;
  org_id: string;
  referral_source_uuid: string;
}
/**
 * `referral_source_cost.create` → 201. Both days belong to the period.
 */
export interface ReferralSourceCostCreate {
  amount: number | string;
  id?: string | null;
  notes?: string | null;
  org_id: string;
  period_end: string;
  period_start: string;
  referral_source_uuid: string;
}
/**
 * `referral_source_cost.get` → 200.
 */
export interface ReferralSourceCostGet {
  cost_uuid: string;
  org_id: string;
  referral_source_uuid: string;
}
/**
 * `referral_source_cost.list` → 200, by `period_start`.
 */
export interface ReferralSourceCostList {
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  org_id: string;
  page?: number;
  page_size?: number;
  referral_source_uuid: string;
}
/**
 * `referral_source_cost.update` → 200.
 */
export interface ReferralSourceCostUpdate {
  amount?: number | string;
  base_version: number;
  cost_uuid: string;
  notes?: string | null;
  org_id: string;
  period_end?: string;
  period_start?: string;
  referral_source_uuid: string;
}
/**
 * `referral_source.create` → 201.
 */
export interface ReferralSourceCreate {
  category: SourceCategory;
  description?: string | null;
  id?: string | null;
  is_active?: boolean;
  linked_patient_uuid?: string | null;
  linked_referral_partner_uuid?: string | null;
  name: string;
  org_id: string;
}
/**
 * `referral_source.get` → 200.
 */
export interface ReferralSourceGet {
  org_id: string;
  referral_source_uuid: string;
}
/**
 * `referral_source.list` → 200, by `sort_order`.
 */
export interface ReferralSourceList {
  category?: SourceCategory | null;
  /**
   * Instead of `page`, to read everything: "" begins, the last reply's `next_cursor` goes on. Null is the same as none.
   */
  cursor?: string | null;
  is_active?: boolean | null;
  org_id: string;
  page?: number;
  page_size?: number;
  search?: string | null;
}
/**
 * `referral_source.report` → 200. Both days belong to the period.
 */
export interface ReferralSourceReport {
  org_id: string;
  period_end: string;
  period_start: string;
}
/**
 * `referral_source.update` → 200.
 */
export interface ReferralSourceUpdate {
  base_version: number;
  category?: SourceCategory;
  description?: string | null;
  is_active?: boolean;
  linked_patient_uuid?: string | null;
  linked_referral_partner_uuid?: string | null;
  name?: string;
  org_id: string;
  referral_source_uuid: string;
}
/**
 * `referral.update` → 200. A draft's alone; never the patient.
 */
export interface ReferralUpdate {
  base_version: number;
  notes?: string | null;
  org_id: string;
  priority?: Priority;
  reason?: string;
  reason_codes?:
    | []
    | [ReasonCode]
    | [ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode, ReasonCode]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | [
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode,
        ReasonCode
      ]
    | null;
  referral_partner_uuid?: string;
  referral_uuid: string;
  referring_provider_uuid?: string | null;
  respond_by?: string | null;
  teeth?: string[] | null;
}
/**
 * A link to read out, or to write down for the partner. It is shown this once.
 */
export interface RenewedAnswerLink {
  code: string;
  url: string;
}
export interface StretchAnswerLink {
  items: AnswerLink[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchConnection {
  items: Connection[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchConnectionRun {
  items: ConnectionRun[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchContact {
  items: Contact[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchContactReferral {
  items: ContactReferral[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchEreferral {
  items: Ereferral[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchExternalId {
  items: ExternalId[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchImportRow {
  items: ImportRow[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchIntake {
  items: Intake[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchIntakeMapEntry {
  items: IntakeMapEntry[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchPatient {
  items: Patient1[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchProvider {
  items: Provider1[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchReferral {
  items: Referral1[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchReferralAttribution {
  items: ReferralAttribution[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchReferralPartner {
  items: ReferralPartner1[];
  next_cursor: string | null;
  page_size: number;
}
export interface StretchReferralSource {
  items: ReferralSource[];
  next_cursor: string | null;
  page_size: number;
}
/**
 * Each unarchived source by its `sort_order`, and all of them together.
 */
export interface SourceReport {
  items: SourceReportItem[];
  period_end: string;
  period_start: string;
  total: AcquisitionFigures;
}
/**
 * One source's figures.
 */
export interface SourceReportItem {
  category: SourceCategory;
  cost_per_acquisition: string | null;
  new_patients: number;
  referral_source: Reference;
  total_cost: string;
}
export interface StretchReferralSourceCost {
  items: ReferralSourceCost[];
  next_cursor: string | null;
  page_size: number;
}
/**
 * A source number of the other side and the referral source that it means.
 */
export interface SourceMap {
  connection_uuid: string;
  created_at: string;
  external_id: string;
  id: string;
  referral_source_uuid: string | null;
  updated_at: string;
  version: number;
}
/**
 * `source_map.set` → 200; null forgets it. Rows that waited for it are taken up again.
 */
export interface SourceMapSet {
  connection_uuid: string;
  external_id: string;
  org_id: string;
  referral_source_uuid: string | null;
}
/** Each operation by its routing key: where it is published, what is sent, what comes back. */
export interface Operations {
  "answer_link.list": { exchange: "ereferral_dispatch.queries"; request: AnswerLinkList; reply: ReplyToAnswerLinkList }
  "answer_link.open": { exchange: "ereferral_dispatch.queries"; request: AnswerLinkOpen; reply: ReplyToAnswerLinkOpen }
  "answer_link.renew": { exchange: "ereferral_dispatch.commands"; request: AnswerLinkRenew; reply: ReplyToAnswerLinkRenew }
  "answer_link.verify": { exchange: "ereferral_dispatch.commands"; request: AnswerLinkVerify; reply: ReplyToAnswerLinkVerify }
  "connection.get": { exchange: "connectors.queries"; request: ConnectionGet; reply: ReplyToConnectionGet }
  "connection.list": { exchange: "connectors.queries"; request: ConnectionList; reply: ReplyToConnectionList }
  "connection.runs": { exchange: "connectors.queries"; request: ConnectionRuns; reply: ReplyToConnectionRuns }
  "connection.sync": { exchange: "connectors.commands"; request: ConnectionSync; reply: ReplyToConnectionSync }
  "contact.archive": { exchange: "referrals.commands"; request: ContactArchive; reply: ReplyToContactArchive }
  "contact.get": { exchange: "referrals.queries"; request: ContactGet; reply: ReplyToContactGet }
  "contact.list": { exchange: "referrals.queries"; request: ContactList; reply: ReplyToContactList }
  "contact.put": { exchange: "referrals.commands"; request: ContactPut; reply: ReplyToContactPut }
  "contact_referral.archive": { exchange: "referrals.commands"; request: ContactReferralArchive; reply: ReplyToContactReferralArchive }
  "contact_referral.create": { exchange: "referrals.commands"; request: ContactReferralCreate; reply: ReplyToContactReferralCreate }
  "contact_referral.get": { exchange: "referrals.queries"; request: ContactReferralGet; reply: ReplyToContactReferralGet }
  "contact_referral.list": { exchange: "referrals.queries"; request: ContactReferralList; reply: ReplyToContactReferralList }
  "contact_referral.update": { exchange: "referrals.commands"; request: ContactReferralUpdate; reply: ReplyToContactReferralUpdate }
  "ereferral.cancel": { exchange: "ereferral_dispatch.commands"; request: EreferralCancel; reply: ReplyToEreferralCancel }
  "ereferral.complete_call": { exchange: "ereferral_dispatch.commands"; request: EreferralCompleteCall; reply: ReplyToEreferralCompleteCall }
  "ereferral.dispatch": { exchange: "ereferral_dispatch.commands"; request: EreferralDispatch; reply: ReplyToEreferralDispatch }
  "ereferral.get": { exchange: "ereferral_dispatch.queries"; request: EreferralGet; reply: ReplyToEreferralGet }
  "ereferral.letter": { exchange: "ereferral_dispatch.queries"; request: EreferralLetter; reply: ReplyToEreferralLetter }
  "ereferral.list": { exchange: "ereferral_dispatch.queries"; request: EreferralList; reply: ReplyToEreferralList }
  "ereferral.preview": { exchange: "ereferral_dispatch.queries"; request: EreferralPreview; reply: ReplyToEreferralPreview }
  "ereferral.provide_information": { exchange: "ereferral_dispatch.commands"; request: EreferralProvideInformation; reply: ReplyToEreferralProvideInformation }
  "ereferral.record_response": { exchange: "ereferral_dispatch.commands"; request: EreferralRecordResponse; reply: ReplyToEreferralRecordResponse }
  "ereferral.reopen": { exchange: "ereferral_dispatch.commands"; request: EreferralReopen; reply: ReplyToEreferralReopen }
  "ereferral.request_information": { exchange: "ereferral_dispatch.commands"; request: EreferralRequestInformation; reply: ReplyToEreferralRequestInformation }
  "ereferral.resolve": { exchange: "ereferral_dispatch.commands"; request: EreferralResolve; reply: ReplyToEreferralResolve }
  "ereferral.retry": { exchange: "ereferral_dispatch.commands"; request: EreferralRetry; reply: ReplyToEreferralRetry }
  "ereferral_trail.get": { exchange: "ereferral_dispatch.queries"; request: PatientTrailGet; reply: ReplyToEreferralTrailGet }
  "external_id.link": { exchange: "connectors.commands"; request: ExternalIdLink; reply: ReplyToExternalIdLink }
  "external_id.list": { exchange: "connectors.queries"; request: ExternalIdList; reply: ReplyToExternalIdList }
  "import_row.list": { exchange: "connectors.queries"; request: ImportRowList; reply: ReplyToImportRowList }
  "import_row.resolve": { exchange: "connectors.commands"; request: ImportRowResolve; reply: ReplyToImportRowResolve }
  "intake.accept": { exchange: "referrals.commands"; request: IntakeAccept; reply: ReplyToIntakeAccept }
  "intake.get": { exchange: "referrals.queries"; request: IntakeGet; reply: ReplyToIntakeGet }
  "intake.link": { exchange: "referrals.commands"; request: IntakeLink; reply: ReplyToIntakeLink }
  "intake.list": { exchange: "referrals.queries"; request: IntakeList; reply: ReplyToIntakeList }
  "intake.reject": { exchange: "referrals.commands"; request: IntakeReject; reply: ReplyToIntakeReject }
  "intake.reopen": { exchange: "referrals.commands"; request: IntakeReopen; reply: ReplyToIntakeReopen }
  "intake.submit": { exchange: "referrals.commands"; request: IntakeSubmit; reply: ReplyToIntakeSubmit }
  "intake_map.list": { exchange: "referrals.queries"; request: IntakeMapList; reply: ReplyToIntakeMapList }
  "intake_map.put": { exchange: "referrals.commands"; request: IntakeMapPut; reply: ReplyToIntakeMapPut }
  "operator_map.set": { exchange: "connectors.commands"; request: OperatorMapSet; reply: ReplyToOperatorMapSet }
  "partner_channel.release": { exchange: "ereferral_dispatch.commands"; request: PartnerChannelRelease; reply: ReplyToPartnerChannelRelease }
  "patient.archive": { exchange: "referrals.commands"; request: PatientArchive; reply: ReplyToPatientArchive }
  "patient.get": { exchange: "referrals.queries"; request: PatientGet; reply: ReplyToPatientGet }
  "patient.list": { exchange: "referrals.queries"; request: PatientList; reply: ReplyToPatientList }
  "patient.put": { exchange: "referrals.commands"; request: PatientPut; reply: ReplyToPatientPut }
  "patient_trail.get": { exchange: "referrals.queries"; request: PatientTrailGet; reply: ReplyToPatientTrailGet }
  "practice.get": { exchange: "referrals.queries"; request: PracticeGet; reply: ReplyToPracticeGet }
  "practice.put": { exchange: "referrals.commands"; request: PracticePut; reply: ReplyToPracticePut }
  "provider.archive": { exchange: "referrals.commands"; request: ProviderArchive; reply: ReplyToProviderArchive }
  "provider.get": { exchange: "referrals.queries"; request: ProviderGet; reply: ReplyToProviderGet }
  "provider.list": { exchange: "referrals.queries"; request: ProviderList; reply: ReplyToProviderList }
  "provider.put": { exchange: "referrals.commands"; request: ProviderPut; reply: ReplyToProviderPut }
  "referral.cancel": { exchange: "referrals.commands"; request: ReferralCancel; reply: ReplyToReferralCancel }
  "referral.create": { exchange: "referrals.commands"; request: ReferralCreate; reply: ReplyToReferralCreate }
  "referral.get": { exchange: "referrals.queries"; request: ReferralGet; reply: ReplyToReferralGet }
  "referral.list": { exchange: "referrals.queries"; request: ReferralList; reply: ReplyToReferralList }
  "referral.preview": { exchange: "referrals.queries"; request: ReferralPreview; reply: ReplyToReferralPreview }
  "referral.provide_information": { exchange: "referrals.commands"; request: ReferralProvideInformation; reply: ReplyToReferralProvideInformation }
  "referral.record_response": { exchange: "referrals.commands"; request: ReferralRecordResponse; reply: ReplyToReferralRecordResponse }
  "referral.reopen": { exchange: "referrals.commands"; request: ReferralReopen; reply: ReplyToReferralReopen }
  "referral.send": { exchange: "referrals.commands"; request: ReferralSend; reply: ReplyToReferralSend }
  "referral.update": { exchange: "referrals.commands"; request: ReferralUpdate; reply: ReplyToReferralUpdate }
  "referral_attribution.archive": { exchange: "referrals.commands"; request: ReferralAttributionArchive; reply: ReplyToReferralAttributionArchive }
  "referral_attribution.create": { exchange: "referrals.commands"; request: ReferralAttributionCreate; reply: ReplyToReferralAttributionCreate }
  "referral_attribution.get": { exchange: "referrals.queries"; request: ReferralAttributionGet; reply: ReplyToReferralAttributionGet }
  "referral_attribution.list": { exchange: "referrals.queries"; request: ReferralAttributionList; reply: ReplyToReferralAttributionList }
  "referral_attribution.update": { exchange: "referrals.commands"; request: ReferralAttributionUpdate; reply: ReplyToReferralAttributionUpdate }
  "referral_partner.archive": { exchange: "referrals.commands"; request: ReferralPartnerArchive; reply: ReplyToReferralPartnerArchive }
  "referral_partner.create": { exchange: "referrals.commands"; request: ReferralPartnerCreate; reply: ReplyToReferralPartnerCreate }
  "referral_partner.get": { exchange: "referrals.queries"; request: ReferralPartnerGet; reply: ReplyToReferralPartnerGet }
  "referral_partner.list": { exchange: "referrals.queries"; request: ReferralPartnerList; reply: ReplyToReferralPartnerList }
  "referral_partner.update": { exchange: "referrals.commands"; request: ReferralPartnerUpdate; reply: ReplyToReferralPartnerUpdate }
  "referral_source.archive": { exchange: "referrals.commands"; request: ReferralSourceArchive; reply: ReplyToReferralSourceArchive }
  "referral_source.create": { exchange: "referrals.commands"; request: ReferralSourceCreate; reply: ReplyToReferralSourceCreate }
  "referral_source.get": { exchange: "referrals.queries"; request: ReferralSourceGet; reply: ReplyToReferralSourceGet }
  "referral_source.list": { exchange: "referrals.queries"; request: ReferralSourceList; reply: ReplyToReferralSourceList }
  "referral_source.report": { exchange: "referrals.queries"; request: ReferralSourceReport; reply: ReplyToReferralSourceReport }
  "referral_source.update": { exchange: "referrals.commands"; request: ReferralSourceUpdate; reply: ReplyToReferralSourceUpdate }
  "referral_source_cost.archive": { exchange: "referrals.commands"; request: ReferralSourceCostArchive; reply: ReplyToReferralSourceCostArchive }
  "referral_source_cost.create": { exchange: "referrals.commands"; request: ReferralSourceCostCreate; reply: ReplyToReferralSourceCostCreate }
  "referral_source_cost.get": { exchange: "referrals.queries"; request: ReferralSourceCostGet; reply: ReplyToReferralSourceCostGet }
  "referral_source_cost.list": { exchange: "referrals.queries"; request: ReferralSourceCostList; reply: ReplyToReferralSourceCostList }
  "referral_source_cost.update": { exchange: "referrals.commands"; request: ReferralSourceCostUpdate; reply: ReplyToReferralSourceCostUpdate }
  "source_map.set": { exchange: "connectors.commands"; request: SourceMapSet; reply: ReplyToSourceMapSet }
}
/** Each event by its type: a CloudEvent with its `data`. */
export interface Events {
  "answer_link.locked": EventAnswerLinkLocked
  "answer_link.renewed": EventAnswerLinkRenewed
  "connection.failed": EventConnectionFailed
  "connection.fulfilment_hint": EventConnectionFulfilmentHint
  "connection.recovered": EventConnectionRecovered
  "connection.synced": EventConnectionSynced
  "contact.archived": EventContactArchived
  "contact.put": EventContactPut
  "contact_referral.archived": EventContactReferralArchived
  "contact_referral.created": EventContactReferralCreated
  "contact_referral.updated": EventContactReferralUpdated
  "ereferral.attempt_failed": EventEreferralAttemptFailed
  "ereferral.call_requested": EventEreferralCallRequested
  "ereferral.cancelled": EventEreferralCancelled
  "ereferral.delivered": EventEreferralDelivered
  "ereferral.failed": EventEreferralFailed
  "ereferral.held": EventEreferralHeld
  "ereferral.information_provided": EventEreferralInformationProvided
  "ereferral.information_requested": EventEreferralInformationRequested
  "ereferral.outcome_unknown": EventEreferralOutcomeUnknown
  "ereferral.queued": EventEreferralQueued
  "ereferral.reopened": EventEreferralReopened
  "ereferral.response_recorded": EventEreferralResponseRecorded
  "ereferral.retry_scheduled": EventEreferralRetryScheduled
  "ereferral.sent": EventEreferralSent
  "import.row_refused": EventImportRowRefused
  "import.row_resolved": EventImportRowResolved
  "intake.accepted": EventIntakeAccepted
  "intake.linked": EventIntakeLinked
  "intake.received": EventIntakeReceived
  "intake.rejected": EventIntakeRejected
  "intake.reopened": EventIntakeReopened
  "mail_relay.held": EventMailRelayHeld
  "mail_relay.released": EventMailRelayReleased
  "partner_channel.held": EventPartnerChannelHeld
  "partner_channel.released": EventPartnerChannelReleased
  "patient.archived": EventPatientArchived
  "patient.put": EventPatientPut
  "practice.put": EventPracticePut
  "provider.archived": EventProviderArchived
  "provider.put": EventProviderPut
  "referral.cancelled": EventReferralCancelled
  "referral.created": EventReferralCreated
  "referral.dispatch_changed": EventReferralDispatchChanged
  "referral.information_provided": EventReferralInformationProvided
  "referral.information_requested": EventReferralInformationRequested
  "referral.overdue": EventReferralOverdue
  "referral.reopened": EventReferralReopened
  "referral.response_recorded": EventReferralResponseRecorded
  "referral.sent": EventReferralSent
  "referral.sent_on": EventReferralSentOn
  "referral.updated": EventReferralUpdated
  "referral_attribution.archived": EventReferralAttributionArchived
  "referral_attribution.created": EventReferralAttributionCreated
  "referral_attribution.updated": EventReferralAttributionUpdated
  "referral_partner.archived": EventReferralPartnerArchived
  "referral_partner.created": EventReferralPartnerCreated
  "referral_partner.updated": EventReferralPartnerUpdated
  "referral_source.archived": EventReferralSourceArchived
  "referral_source.created": EventReferralSourceCreated
  "referral_source.updated": EventReferralSourceUpdated
  "referral_source_cost.archived": EventReferralSourceCostArchived
  "referral_source_cost.created": EventReferralSourceCostCreated
  "referral_source_cost.updated": EventReferralSourceCostUpdated
}

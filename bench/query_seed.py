"""A database full of many orgs' rows, made by PostgreSQL itself: minutes for a million partners.

One org holds a tenth of everything, the others share the rest alike. Their rows lie mixed, as they
come in over the years, so that an org's rows are nowhere side by side.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from services.referrals.home import HOME

Progress = Callable[[str], None]

BIG_ORG = "org_big"
ORDINARY_ORG = "org_0"
PARTNERS_OF_AN_ORG = 10_000
ATTRIBUTIONS_OF_A_PATIENT = 5
ORDINARY_ORGS = 90
SOURCES = 50
SOURCES_OF_THE_BIG_ORG = 100
PROVIDERS = 10
TIMELINE_ENTRIES = 3
REFERRERS = 100
"""Contacts of an org that have referred all the others."""
SAMPLE_NPI = "1{:09}"
"""How the rows' NPIs look (their check digits are not right): by the partner's number."""

# The kinds of rows, which open the made-up ids: an id tells what it is and its number in its org.
PARTNER, PATIENT, PROVIDER, SOURCE, COST, ATTRIBUTION, REFERRAL, CONTACT = range(1, 9)
CONTACT_REFERRAL = 10  # 9 is the practice's
INTAKE = 11

_FIRST_NUMBER = 0x100000000000  # twelve hexadecimal digits, as the end of an id has
_FIRST = ("Maria", "James", "Aisha", "Wei", "Robert", "Linh", "Élodie", "Noor", "Kenji", "Rachel")
_LAST = (
    "Garcia",
    "Smith",
    "Nguyen",
    "Chen",
    "Patel",
    "O’Brien",
    "Okafor",
    "Müller",
    "Kim",
    "Rossi",
    "Haddad",
    "Kowalski",
    "Lindqvist",
    "Tanaka",
    "Martinez",
    "Cohen",
    "Dubois",
)
_SPECIALTIES = (
    "Endodontics",
    "Oral and Maxillofacial Surgery",
    "Orthodontics and Dentofacial Orthopedics",
    "Pediatric Dentistry",
    "Periodontics",
    "Prosthodontics",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is: `orgs` ordinary ones of 10,000 partners, and the big one's tenth."""

    orgs: int

    @classmethod
    def of_scale(cls, scale: float) -> "Size":
        """1 is a million partners."""
        return cls(max(1, round(ORDINARY_ORGS * scale)))

    @property
    def partners(self) -> int:
        """In all orgs."""
        return self.orgs * PARTNERS_OF_AN_ORG * 10 // 9

    def partners_of(self, org_id: str) -> int:
        """In one org; as many patients, contacts, referrals, costs, five times the attributions."""
        return self.partners // 10 if org_id == BIG_ORG else PARTNERS_OF_AN_ORG


def row_id(kind: int, number: int) -> str:
    """The id of an org's n-th row of a kind."""
    return f"{kind:08x}-0000-7000-8000-{_FIRST_NUMBER + number:x}"


async def seed(database_url: str, size: Size, progress: Progress) -> None:
    """Fill a migrated, empty database. The URL's user must be a superuser: no trigger fires."""
    database = await asyncpg.connect(
        database_url.replace("postgresql+asyncpg://", "postgresql://"),
        server_settings={
            "search_path": HOME.schema,
            "session_replication_role": "replica",
            "synchronous_commit": "off",
            "maintenance_work_mem": "512MB",
            "timezone": "UTC",
        },
    )
    try:
        indexes = await database.fetch(_INDEXES, HOME.schema)
        for index in indexes:
            await database.execute(f"DROP INDEX {index['indexname']}")
        for table, statement in _statements(size).items():
            await _timed(progress, f"{table}: rows", database.execute(statement))
        for index in indexes:
            await _timed(progress, index["indexname"], database.execute(index["indexdef"]))
        await _timed(progress, "vacuum, analyze", database.execute("VACUUM ANALYZE"))
    finally:
        await database.close()


# Constraints keep theirs.
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = $1
    AND indexname NOT IN (SELECT conname FROM pg_constraint)
    AND tablename NOT IN ('inbox', 'outbox')
"""


async def _timed(progress: Progress, what: str, done: Awaitable[object]) -> None:
    started = time.monotonic()
    await done
    progress(f"{what}: {time.monotonic() - started:.1f} s")


def _statements(size: Size) -> dict[str, str]:
    partners = size.partners
    orgs = (
        f"(SELECT '{BIG_ORG}' UNION ALL "
        f"SELECT 'org_' || o FROM generate_series(0, {size.orgs - 1}) o) AS t (org_id)"
    )
    resource = "1, made_at, made_at"
    return {
        "practice": f"""
            INSERT INTO practice (org_id, id, name, country, observed_at, {_RESOURCE})
            SELECT org_id, {_id("9", "0")}, 'Main Street Dental', 'US', now(), 1, now(), now()
            FROM {orgs}
        """,
        "provider": f"""
            INSERT INTO provider (org_id, id, name, sort_name, search_text, observed_at,
                {_RESOURCE})
            SELECT org_id, {_id(PROVIDER, "n")}, 'Dr. Rose Rand ' || n, 'dr. rose rand ' || n,
                'dr. rose rand ' || n, now(), 1, now(), now()
            FROM {orgs}, generate_series(0, {PROVIDERS - 1}) n
        """,
        "patient": f"""
            INSERT INTO patient (org_id, id, name, date_of_birth, phone, sort_name, search_text,
                observed_at, {_RESOURCE})
            SELECT org_id, id, name, born, phone, lower(name), lower(name) || E'\\n' || phone,
                made_at, {resource}
            FROM (SELECT org_id, {_id(PATIENT, "n")} AS id, made_at,
                {_pick(_FIRST, "n")} || ' ' || {_pick(_LAST, "n / 7")} AS name,
                date '1940-01-01' + (h % 25000) AS born,
                '+1415555' || lpad((n % 10000)::text, 4, '0') AS phone
                FROM {_rows(partners, size.orgs)}) named
        """,
        "referral_partner": f"""
            INSERT INTO referral_partner (org_id, id, contact_type, first_name, last_name,
                practice_name, npi, specialty, email, phone, address_line1, city, state,
                postal_code, country, notes, is_active, accepts_ereferral, ereferral_endpoint,
                sort_name, name_text, search_text, specialty_text, {_RESOURCE})
            SELECT org_id, {_id(PARTNER, "n")}, contact_type, first_name, last_name,
                practice_name, npi, {_pick(_SPECIALTIES, "h")}, 'referrals' || n || '@example.com',
                '+14155550' || lpad((n % 1000)::text, 3, '0'), n || ' Main Street',
                'San Francisco', 'CA', '94110', 'US',
                CASE WHEN h % 2 = 0 THEN repeat('Takes new patients on weekdays. ', 5) END,
                h % 10 > 0, true, 'https://portal' || n || '.example.com/fhir',
                lower(shown_name), lower(shown_name),
                lower(first_name || ' ' || last_name || E'\\n' || practice_name || E'\\n' || npi),
                lower({_pick(_SPECIALTIES, "h")}), {resource}
            FROM (SELECT *, CASE contact_type WHEN 'provider' THEN first_name || ' ' || last_name
                ELSE practice_name END AS shown_name
            FROM (SELECT *,
                CASE WHEN h % 20 < 15 THEN 'provider' WHEN h % 20 < 18 THEN 'practice'
                    ELSE 'lab' END AS contact_type,
                {_pick(_FIRST, "h / 3")} AS first_name,
                {_pick(_LAST, "h / 100")} || ' ' || chr(97 + h % 26) AS last_name,
                {_pick(_LAST, "h / 5000")} || ' Dental ' || h % 9973 AS practice_name,
                '1' || lpad(n::text, 9, '0') AS npi
                FROM {_rows(partners, size.orgs)}) parts) named
        """,
        "contact": f"""
            INSERT INTO contact (org_id, id, name, patient_id, sort_name, search_text,
                observed_at, {_RESOURCE})
            SELECT org_id, {_id(CONTACT, "n")}, name, {_id(PATIENT, "n")}, lower(name),
                lower(name), made_at, {resource}
            FROM (SELECT *, {_pick(_LAST, "h / 7")} || ' family ' || n AS name
                FROM {_rows(partners, size.orgs)}) known
        """,
        "contact_referral": f"""
            INSERT INTO contact_referral (org_id, id, referred_by_id, referred_to_id, version,
                created_at, updated_at)
            SELECT org_id, {_id(CONTACT_REFERRAL, "n")}, {_id(CONTACT, f"n % {REFERRERS}")},
                {_id(CONTACT, f"n + {REFERRERS}")}, 1, made_at, date_trunc('second', made_at)
            FROM {_rows(partners, size.orgs)}
        """,
        "intake": f"""
            INSERT INTO intake (org_id, id, group_id, row_number, status, first_name, surname,
                org_type_id, source, referral_role, telephone, date_of_birth, extra, warnings,
                suspected_spam, search_text, reason, decided_at, version, created_at, updated_at)
            SELECT org_id, {_id(INTAKE, "n")}, {_id(INTAKE, "n")}, 1,
                CASE WHEN h % 50 = 0 THEN 'received' ELSE 'rejected' END,
                {_pick(_FIRST, "n")}, {_pick(_LAST, "n / 7")}, '1', '1', '1',
                '+1415555' || lpad((n % 10000)::text, 4, '0'), date '1940-01-01' + (h % 25000),
                '{{}}', '[]', h % 9 = 0,
                lower({_pick(_FIRST, "n")} || ' ' || {_pick(_LAST, "n / 7")}),
                CASE WHEN h % 50 > 0 THEN 'spam' END, CASE WHEN h % 50 > 0 THEN made_at END,
                {resource}
            FROM {_rows(partners, size.orgs)}
        """,
        **_source_statements(size, orgs),
        "referral": f"""
            INSERT INTO referral (org_id, id, patient_id, referral_partner_id,
                referring_provider_id, priority, reason, reason_codes, teeth, notes, respond_by,
                status, fulfilment_status, dispatch_status, dispatch_version, ereferral_id,
                sent_at, overdue, {_RESOURCE})
            SELECT org_id, {_id(REFERRAL, "n")}, {_id(PATIENT, "h % of_org")},
                {_id(PARTNER, "h / 7 % of_org")}, {_id(PROVIDER, f"n % {PROVIDERS}")}, 'routine',
                'Root canal evaluation of tooth ' || 1 + n % 32,
                '[{{"system": "http://snomed.info/sct", "code": "109728009", "display": null}}]',
                '["14"]', repeat('Cold sensitivity for two weeks. ', 3),
                made_at + interval '14 days', status,
                CASE status WHEN 'draft' THEN NULL WHEN 'completed' THEN 'completed'
                    WHEN 'revoked' THEN 'cancelled'
                    ELSE (ARRAY['requested', 'accepted', 'in-progress', 'rejected'])[1 + h % 4] END,
                CASE status WHEN 'draft' THEN NULL
                    ELSE (ARRAY['delivered', 'sent', 'delivered', 'failed'])[1 + h / 11 % 4] END,
                3, CASE status WHEN 'draft' THEN NULL ELSE {_id(REFERRAL, "n")} END, made_at,
                status = 'active' AND h % 4 = 0 AND h % 40 < 4, 3, made_at, made_at
            FROM (SELECT *,
                (ARRAY['draft', 'active', 'active', 'active', 'completed', 'completed',
                    'completed', 'completed', 'completed', 'revoked'])[1 + h / 13 % 10] AS status
                FROM {_rows(partners, size.orgs)}) made
        """,
        "referral_timeline": f"""
            INSERT INTO referral_timeline (org_id, referral_id, at, event)
            SELECT org_id, {_id(REFERRAL, "n")}, made_at + e * interval '1 hour',
                (ARRAY['referral.created', 'referral.sent', 'ereferral.delivered'])[e]
            FROM {_rows(partners, size.orgs)}, generate_series(1, {TIMELINE_ENTRIES}) e
        """,
    }


def _source_statements(size: Size, orgs: str) -> dict[str, str]:
    sources = f"CASE org_id WHEN '{BIG_ORG}' THEN {SOURCES_OF_THE_BIG_ORG} ELSE {SOURCES} END"
    attributions = size.partners * ATTRIBUTIONS_OF_A_PATIENT
    return {
        "org_counter": f"INSERT INTO org_counter SELECT org_id, {sources} FROM {orgs}",
        "referral_source": f"""
            INSERT INTO referral_source (org_id, id, name, category, is_active, sort_order,
                search_text, {_RESOURCE})
            SELECT org_id, {_id(SOURCE, "n")}, 'Mailing ' || n, 'direct_mail', n % 10 > 0, n + 1,
                'mailing ' || n, 1, now(), now()
            FROM {orgs}, generate_series(0, {sources} - 1) n
        """,
        "referral_source_cost": f"""
            INSERT INTO referral_source_cost (org_id, id, referral_source_id, amount,
                period_start, period_end, {_RESOURCE})
            SELECT org_id, {_id(COST, "n")}, {_id(SOURCE, f"n % ({sources})")},
                (h % 100000) / 100.0, starts, starts + h % 90, 1, made_at, made_at
            FROM (SELECT *, date '2020-01-01' + h / 100 % 2500 AS starts
                FROM {_rows(size.partners, size.orgs)}) spent
        """,
        "referral_attribution": f"""
            INSERT INTO referral_attribution (org_id, id, patient_id, attribution_role,
                referral_source_id, referral_partner_id, provider_id, referring_patient_id,
                attributed_at, {_RESOURCE})
            SELECT org_id, {_id(ATTRIBUTION, "n")}, {_id(PATIENT, "n % patients")},
                CASE WHEN n / patients = n % patients % {ATTRIBUTIONS_OF_A_PATIENT} THEN 'primary'
                    WHEN h % 2 = 0 THEN 'secondary' ELSE 'assist' END,
                CASE WHEN h % 8 < 5 THEN {_id(SOURCE, f"h / 8 % ({sources})")} END,
                CASE WHEN h % 8 = 5 THEN {_id(PARTNER, "h / 8 % patients")} END,
                CASE WHEN h % 8 = 6 THEN {_id(PROVIDER, f"h % {PROVIDERS}")} END,
                CASE WHEN h % 8 = 7 THEN {_id(PATIENT, "(n + 1) % patients")} END,
                made_at, 1, made_at, made_at
            FROM (SELECT *, of_org / {ATTRIBUTIONS_OF_A_PATIENT} AS patients
                FROM {_rows(attributions, size.orgs)}) made
        """,
        "referral_source_figures": """
            INSERT INTO referral_source_figures
                (org_id, referral_source_id, patient_count, total_cost)
            SELECT s.org_id, s.id, coalesce(patients, 0), coalesce(cost, 0)
            FROM referral_source s
            LEFT JOIN (SELECT org_id, referral_source_id AS id, count(DISTINCT patient_id) patients
                FROM referral_attribution GROUP BY 1, 2) a USING (org_id, id)
            LEFT JOIN (SELECT org_id, referral_source_id AS id, sum(amount) AS cost
                FROM referral_source_cost GROUP BY 1, 2) c USING (org_id, id)
        """,
    }


_RESOURCE = "version, created_at, updated_at"


def _rows(total: int, orgs: int) -> str:
    """Rows in the order of time: their org, number in it, a hash, when made, how many it has.

    Every tenth is the big org's; the others take turns. (OFFSET: each is computed once.)
    """
    return f"""(
        SELECT org_id, n, abs(hashint4(i::int)) AS h, of_org,
            timestamptz '2023-11-01' + i * (interval '3 years' / {total}) AS made_at
        FROM generate_series(0, {total - 1}) i,
        LATERAL (SELECT
            CASE WHEN i % 10 = 0 THEN '{BIG_ORG}'
                ELSE 'org_' || (i - i / 10 - 1) % {orgs} END AS org_id,
            CASE WHEN i % 10 = 0 THEN i / 10 ELSE (i - i / 10 - 1) / {orgs} END AS n,
            CASE WHEN i % 10 = 0 THEN {total // 10} ELSE {total * 9 // 10 // orgs} END AS of_org
        ) AS whose OFFSET 0) AS numbered"""


def _id(kind: int | str, number: str) -> str:
    return f"('{int(kind):08x}-0000-7000-8000-' || to_hex({_FIRST_NUMBER} + ({number})))::uuid"


def _pick(words: tuple[str, ...], number: str) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"(ARRAY[{listed}])[1 + ({number})::int % {len(words)}]"

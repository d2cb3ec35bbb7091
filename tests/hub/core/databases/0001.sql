-- A database of before there were sessions, measurements and operators: tables 0001, with a reader that has come half-way.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE boots (
	id INTEGER NOT NULL, 
	boot_id VARCHAR(32) NOT NULL, 
	version VARCHAR(40) NOT NULL, 
	began_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	PRIMARY KEY (id)
);
INSERT INTO "boots" VALUES(1,'dbf4e0e2762b424fa7be283ab6d654c7','0.1.0',1795604592544,NULL);
INSERT INTO "boots" VALUES(2,'26bdccdce24245a3805cbfe66ae6a209','0.1.0',1795604600606,NULL);
INSERT INTO "boots" VALUES(3,'9bf265ef3da04b2e98ad22016a1e244b','0.1.0',1795604606917,NULL);
INSERT INTO "boots" VALUES(4,'792536d160a1477c8d05bf5de75277a6','0.1.0',1795604612555,NULL);
INSERT INTO "boots" VALUES(5,'921e5ba4bff24c2f9b1c68cd80b1391b','0.1.0',1795604619708,NULL);
INSERT INTO "boots" VALUES(6,'abe13aa2738e400ca6c652293894ebb4','0.1.0',1795604626403,NULL);
INSERT INTO "boots" VALUES(7,'066aa3de879942d4931af2193f197ccb','0.1.0',1795604630892,NULL);
INSERT INTO "boots" VALUES(8,'fc70dfde372046348492357f6c7b9ca7','0.1.0',1795604636766,NULL);
INSERT INTO "boots" VALUES(9,'684cca1782d540d393d8cbec8a0a1ef1','0.1.0',1795604644837,NULL);
INSERT INTO "boots" VALUES(10,'e5587d5f43184b2481bc18cef1077cb8','0.1.0',1795604651384,NULL);
INSERT INTO "boots" VALUES(11,'11a4bd0c81b24319b4a5a69ee9c52229','0.1.0',1795604658298,NULL);
INSERT INTO "boots" VALUES(12,'e89915f663524f94b7b69ad156394d30','0.1.0',1795604664500,NULL);
CREATE TABLE cursors (
	reader VARCHAR(60) NOT NULL, 
	no BIGINT NOT NULL, 
	moved_at BIGINT NOT NULL, 
	PRIMARY KEY (reader)
);
INSERT INTO "cursors" VALUES('operator:acme',40,1793000000000);
CREATE TABLE epochs (
	id INTEGER NOT NULL, 
	epoch VARCHAR(32) NOT NULL, 
	base BIGINT NOT NULL, 
	began_at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "epochs" VALUES(1,'21748ffc6445495e8de525f9e80f9091',0,1795604592543);
CREATE TABLE journal (
	no INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	boot INTEGER NOT NULL, 
	written_at BIGINT NOT NULL, 
	mono_ms BIGINT NOT NULL, 
	clock_synced BOOLEAN, 
	name VARCHAR(60) NOT NULL, 
	keeping VARCHAR(10) NOT NULL, 
	subject VARCHAR(100), 
	data TEXT NOT NULL, 
	PRIMARY KEY (no)
);
INSERT INTO "journal" VALUES(1,1,1,1795604592546,4218751,0,'hub_started','kept',NULL,'{"at":"2026-11-25T11:03:12.545Z","version":"0.1.0","boot_id":"dbf4e0e2762b424fa7be283ab6d654c7","clean":null}');
INSERT INTO "journal" VALUES(2,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-1","station":"KT-CP01-a3160e"}');
INSERT INTO "journal" VALUES(3,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-2","station":"KT-CP01-a3160e"}');
INSERT INTO "journal" VALUES(4,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-3","station":"KT-CP02-a3160e"}');
INSERT INTO "journal" VALUES(5,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-4","station":"KT-CP02-a3160e"}');
INSERT INTO "journal" VALUES(6,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-5","station":"KT-CP03-a3160e"}');
INSERT INTO "journal" VALUES(7,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-6","station":"KT-CP04-a3160e"}');
INSERT INTO "journal" VALUES(8,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-7","station":"02115925D4C1"}');
INSERT INTO "journal" VALUES(9,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"charger","device":"bay-8","station":"02586BA69C94"}');
INSERT INTO "journal" VALUES(10,1,1,1795604592560,4218765,0,'device_adopted','kept',NULL,'{"at":"2026-11-25T11:03:12.559Z","kind":"meter","device":"main","station":"02CD52628B11"}');
INSERT INTO "journal" VALUES(11,1,1,1795604592625,4218830,0,'status_changed','status','bay-6','{"at":"2026-11-25T11:03:12.625Z","charger":"bay-6","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(12,1,1,1795604592627,4218832,0,'charger_connected','status','bay-6','{"at":"2026-11-25T11:03:12.626Z","charger":"bay-6"}');
INSERT INTO "journal" VALUES(13,1,1,1795604593271,4219477,0,'meter_connected','status','main','{"at":"2026-11-25T11:03:13.271Z","meter":"main"}');
INSERT INTO "journal" VALUES(14,1,1,1795604593768,4219974,0,'status_changed','status','bay-8','{"at":"2026-11-25T11:03:13.767Z","charger":"bay-8","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(15,1,1,1795604593770,4219976,0,'charger_connected','status','bay-8','{"at":"2026-11-25T11:03:13.770Z","charger":"bay-8"}');
INSERT INTO "journal" VALUES(16,1,1,1795604594169,4220374,0,'status_changed','status','bay-7','{"at":"2026-11-25T11:03:14.169Z","charger":"bay-7","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(17,1,1,1795604594172,4220377,0,'charger_connected','status','bay-7','{"at":"2026-11-25T11:03:14.171Z","charger":"bay-7"}');
INSERT INTO "journal" VALUES(18,1,1,1795604596811,4223017,0,'status_changed','status','bay-5','{"at":"2026-11-25T11:03:16.810Z","charger":"bay-5","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(19,1,1,1795604596813,4223018,0,'charger_connected','status','bay-5','{"at":"2026-11-25T11:03:16.813Z","charger":"bay-5"}');
INSERT INTO "journal" VALUES(20,1,1,1795604597101,4223306,0,'status_changed','status','bay-1','{"at":"2026-11-25T11:03:17.100Z","charger":"bay-1","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(21,1,1,1795604597104,4223309,0,'status_changed','status','bay-2','{"at":"2026-11-25T11:03:17.102Z","charger":"bay-2","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(22,1,1,1795604597106,4223311,0,'charger_connected','status','bay-1','{"at":"2026-11-25T11:03:17.106Z","charger":"bay-1"}');
INSERT INTO "journal" VALUES(23,1,1,1795604597106,4223311,0,'charger_connected','status','bay-2','{"at":"2026-11-25T11:03:17.106Z","charger":"bay-2"}');
INSERT INTO "journal" VALUES(24,1,1,1795604597781,4223987,0,'status_changed','status','bay-3','{"at":"2026-11-25T11:03:17.781Z","charger":"bay-3","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(25,1,1,1795604597787,4223992,0,'status_changed','status','bay-4','{"at":"2026-11-25T11:03:17.783Z","charger":"bay-4","before":null,"after":"available","fault":null}');
INSERT INTO "journal" VALUES(26,1,1,1795604597792,4223997,0,'charger_connected','status','bay-3','{"at":"2026-11-25T11:03:17.791Z","charger":"bay-3"}');
INSERT INTO "journal" VALUES(27,1,1,1795604597792,4223997,0,'charger_connected','status','bay-4','{"at":"2026-11-25T11:03:17.791Z","charger":"bay-4"}');
INSERT INTO "journal" VALUES(28,1,1,1795604598130,4224335,0,'status_changed','status','bay-1','{"at":"2026-11-25T11:03:18.098Z","charger":"bay-1","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(29,1,1,1795604598141,4224346,0,'status_changed','status','bay-7','{"at":"2026-11-25T11:03:18.140Z","charger":"bay-7","before":"available","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(30,1,1,1795604598141,4224346,0,'status_changed','status','bay-8','{"at":"2026-11-25T11:03:18.141Z","charger":"bay-8","before":"available","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(31,1,1,1795604598206,4224412,0,'status_changed','status','bay-2','{"at":"2026-11-25T11:03:18.205Z","charger":"bay-2","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(32,1,1,1795604598206,4224412,0,'status_changed','status','bay-3','{"at":"2026-11-25T11:03:18.206Z","charger":"bay-3","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(33,1,1,1795604598206,4224412,0,'status_changed','status','bay-5','{"at":"2026-11-25T11:03:18.206Z","charger":"bay-5","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(34,1,1,1795604598206,4224412,0,'status_changed','status','bay-6','{"at":"2026-11-25T11:03:18.206Z","charger":"bay-6","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(35,1,1,1795604598209,4224415,0,'session_started','kept','bay-7','{"at":"2026-11-25T11:03:18.140Z","charger":"bay-7","session":"01a2125fcd7ccff95cbccae0787e6cb2","transaction":217767792,"token":null,"started_at":"2026-11-25T11:03:18.140Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(36,1,1,1795604598216,4224421,0,'session_started','kept','bay-8','{"at":"2026-11-25T11:03:18.141Z","charger":"bay-8","session":"01a2125fcd7ddbf4de9c9da59bed395a","transaction":217767793,"token":null,"started_at":"2026-11-25T11:03:18.141Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(37,1,1,1795604598216,4224422,0,'status_changed','status','bay-4','{"at":"2026-11-25T11:03:18.215Z","charger":"bay-4","before":"available","after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(38,1,2,1795604600608,4226813,0,'hub_started','kept',NULL,'{"at":"2026-11-25T11:03:20.607Z","version":"0.1.0","boot_id":"26bdccdce24245a3805cbfe66ae6a209","clean":false}');
INSERT INTO "journal" VALUES(39,1,2,1795604600655,4226860,0,'status_changed','status','bay-6','{"at":"2026-11-25T11:03:20.654Z","charger":"bay-6","before":null,"after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(40,1,2,1795604600656,4226861,0,'charger_connected','status','bay-6','{"at":"2026-11-25T11:03:20.656Z","charger":"bay-6"}');
INSERT INTO "journal" VALUES(41,1,2,1795604600661,4226866,0,'session_started','kept','bay-6','{"at":"2026-11-25T11:03:20.654Z","charger":"bay-6","session":"01a2125fd74ebbb5c8390829052a917d","transaction":217767794,"token":"CARD-bay-6","started_at":"2026-11-25T11:03:20.654Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(42,1,2,1795604600856,4227061,0,'status_changed','status','bay-6','{"at":"2026-11-25T11:03:20.854Z","charger":"bay-6","before":"preparing","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(43,1,2,1795604601591,4227796,0,'meter_connected','status','main','{"at":"2026-11-25T11:03:21.589Z","meter":"main"}');
INSERT INTO "journal" VALUES(44,1,2,1795604602370,4228576,0,'status_changed','status','bay-5','{"at":"2026-11-25T11:03:22.369Z","charger":"bay-5","before":null,"after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(45,1,2,1795604602375,4228580,0,'charger_connected','status','bay-5','{"at":"2026-11-25T11:03:22.375Z","charger":"bay-5"}');
INSERT INTO "journal" VALUES(46,1,2,1795604602377,4228583,0,'session_started','kept','bay-5','{"at":"2026-11-25T11:03:22.369Z","charger":"bay-5","session":"01a2125fde017220fb022641d63248b5","transaction":217767795,"token":"CARD-bay-5","started_at":"2026-11-25T11:03:22.369Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(47,1,2,1795604602528,4228733,0,'status_changed','status','bay-8','{"at":"2026-11-25T11:03:22.527Z","charger":"bay-8","before":null,"after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(48,1,2,1795604602530,4228736,0,'charger_connected','status','bay-8','{"at":"2026-11-25T11:03:22.529Z","charger":"bay-8"}');
INSERT INTO "journal" VALUES(49,1,2,1795604602544,4228750,0,'status_changed','status','bay-7','{"at":"2026-11-25T11:03:22.544Z","charger":"bay-7","before":null,"after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(50,1,2,1795604602546,4228751,0,'charger_connected','status','bay-7','{"at":"2026-11-25T11:03:22.545Z","charger":"bay-7"}');
INSERT INTO "journal" VALUES(51,1,2,1795604602570,4228775,0,'status_changed','status','bay-5','{"at":"2026-11-25T11:03:22.569Z","charger":"bay-5","before":"preparing","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(52,1,2,1795604603056,4229261,0,'status_changed','status','bay-1','{"at":"2026-11-25T11:03:23.055Z","charger":"bay-1","before":null,"after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(53,1,2,1795604603057,4229263,0,'status_changed','status','bay-2','{"at":"2026-11-25T11:03:23.057Z","charger":"bay-2","before":null,"after":"preparing","fault":null}');
INSERT INTO "journal" VALUES(54,1,2,1795604603060,4229265,0,'charger_connected','status','bay-1','{"at":"2026-11-25T11:03:23.059Z","charger":"bay-1"}');
INSERT INTO "journal" VALUES(55,1,2,1795604603060,4229265,0,'charger_connected','status','bay-2','{"at":"2026-11-25T11:03:23.059Z","charger":"bay-2"}');
INSERT INTO "journal" VALUES(56,1,2,1795604603061,4229266,0,'session_started','kept','bay-1','{"at":"2026-11-25T11:03:23.055Z","charger":"bay-1","session":"01a2125fe0af8a286768a8c8edaa79f1","transaction":217767796,"token":"CARD-bay-1","started_at":"2026-11-25T11:03:23.055Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(57,1,2,1795604603065,4229270,0,'session_started','kept','bay-2','{"at":"2026-11-25T11:03:23.056Z","charger":"bay-2","session":"01a2125fe0b0fbd51834908f952b912c","transaction":217767797,"token":"CARD-bay-2","started_at":"2026-11-25T11:03:23.056Z","start_wh":0.0}');
INSERT INTO "journal" VALUES(58,1,2,1795604603257,4229462,0,'status_changed','status','bay-1','{"at":"2026-11-25T11:03:23.255Z","charger":"bay-1","before":"preparing","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(59,1,2,1795604603257,4229462,0,'status_changed','status','bay-2','{"at":"2026-11-25T11:03:23.256Z","charger":"bay-2","before":"preparing","after":"suspended_evse","fault":null}');
INSERT INTO "journal" VALUES(60,1,2,1795604603285,4229490,0,'status_changed','status','bay-3','{"at":"2026-11-25T11:03:23.284Z","charger":"bay-3","before":null,"after":"preparing","fault":null}');
CREATE TABLE journal_head (
	id INTEGER NOT NULL, 
	no BIGINT NOT NULL, 
	commits BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "journal_head" VALUES(1,60,1610);
CREATE TABLE kept (
	name VARCHAR(100) NOT NULL, 
	document TEXT NOT NULL, 
	saved_at BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "kept" VALUES('devices','{"chargers": {"bay-1": "KT-CP01-a3160e", "bay-2": "KT-CP01-a3160e", "bay-3": "KT-CP02-a3160e", "bay-4": "KT-CP02-a3160e", "bay-5": "KT-CP03-a3160e", "bay-6": "KT-CP04-a3160e", "bay-7": "02115925D4C1", "bay-8": "02586BA69C94"}, "meters": {"main": "02CD52628B11"}, "retired": []}',1795604592559);
COMMIT;

/* Limits of the engine build: one gateway process carries hundreds of calls.
 * The stock values (4 calls, select() with 64 handles) are those of a handset. */
#define PJSUA_MAX_CALLS          1024
#define PJSUA_MAX_ACC            64
#define PJSUA_MAX_CONF_PORTS     4096
#define PJSUA_MAX_PLAYERS        1024
#define PJSUA_MAX_RECORDERS      1024
#define PJ_IOQUEUE_MAX_HANDLES   8192
#define PJSIP_MAX_TSX_COUNT      8191
#define PJSIP_MAX_DIALOG_COUNT   8191
#define PJSIP_MAX_TIMER_COUNT    32767
#define PJMEDIA_HAS_VIDEO        0
#define PJ_LOG_MAX_LEVEL         4

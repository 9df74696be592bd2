/*
 * The one function of bcryptprimitives.dll that Rust programs import and Debian's Wine has not got:
 * fills `buffer` with `length` random bytes from the system's own generator.
 */
#include <windows.h>

#include <bcrypt.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    /* BCryptGenRandom counts in 32 bits. */
    while (length > 0) {
        ULONG part = length > 0x40000000 ? 0x40000000 : (ULONG)length;
        if (BCryptGenRandom(NULL, buffer, part, BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
            return FALSE;
        buffer += part;
        length -= part;
    }
    return TRUE;
}

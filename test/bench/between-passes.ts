/** What happens to a cluster between two passes is nobody's figure: it only has to be over soon. */
export const AT_ONCE = 8;

import { brotliDecompressSync } from "node:zlib";

/** What `mkfs.btrfs --mixed -m single -d single -n 4096` makes of 16 MB of zeros. */
const compressed = [
  "n////yCP1EYzZAjjLx7g3/Pr3KRp0j5l5K7clbNyVh5iiSG6JL8EEQ3vPiiQhAOH+fyvZU1PTf9/sS+7E/7kln/TTV+I",
  "wrTCYbEw6kJ0ICzChZRk7PInKZzDuZDdSnCgEG5mNvRulqsJxp8QFuOAZ706HthGZu9+SleTvlqwnXsP4La/cw+65iI/",
  "+H5fXLJ4wbTi6Wt7rtTR6v9jkwAC4NAtt99j9J6H7pIBKIE8h+dLAC2gCggAuebpMCQAgBiwTVzCNwAE4Ihynb299oln",
  "fbbyfjvtfFDriGNefzDZeWJTF3X5dgXgE3JAASIAAUS98ZsOCADyfq2o22uVtbL8bZYgAchzkABMzQRKVKDWB4UApgJB",
  "X1KjBNVaFKXRqsmWuFQpXT5MU42glImGyMxql6g7cIcXZbWv3/r/cv4ThzCHH/TpdU/v9P2d/62/7AXFyQNiQAyoQAC8",
  "EQAbdjEcAvAJOfiyk1JaWEacF44Ld/CjBQCa0w9EcgJIfPkBgZwgAmDcm23hC1Sq6DJRbwaGE/5+dtjdjPM23WzUXyNv",
  "px0AJGLv1gv3OUA0VKCwLyOPWgAwIl9QaMKVi4XH3gP3Hdep35yiQvjP4MjVFU9HeZG/vFt18R572TcTALiMyeA15oAC",
  "jIKfF3XX+R/tN+qvX3TCDgAkuDujq/fH6JedsAMAqdjbevB2u+kPleoiejU5eJoCnNFFBofl4BmtzUnzIQcAULC34fJX",
  "fywOUwkUUcV1jFX/Y92baABACXpsE4BjDlTush8YpU6k2avv769e+9RR/0FxEnb95yMMAPYJkKnw/guPveUHrddx7S37",
  "fokAbUAOHqUAM7roC0UOrgOYkDZ4a/JCgDJn3pPK1ZRDoMOCtXa1FEyFu6GW/KETXcqvLFVCN48/Sr/g7Mi+fM/y0Eag",
  "eth2Jo36OdYzE77thwkAfDlHBEooUETRPd0asmnVtSKtGFU4nEvSrYYS4+6KXcbuM+qvf6lUv4bqqv9samHH0DSU861L",
  "y83tKEs/sR9YIPNy64e+eFsDgM0LUOgAH/3E3N13X/87IPS/fvZKyijkaxtEgJkAn3RwT6Bi/au1UyLbOxg42E2c85hR",
  "darK4LinalwK4rIcu69GO19X9nr98UcWwZk1lkMKmAnwbso9gZr0L1+F9f4pla3f//eYnnujYumfe95V7FThhMLUW8tZ",
  "yBVCPZAIChyDfDD4NXy7BYHZjSu7WCMkA6Y3rkkdkEq2DWgwqf9aj4+UbM/83wdiR1L1p1CA5AAit3ossZ3YQfJqE+4u",
  "WC+Y1udp8/k/ln96bbLk/Q+3P/GW3WadudMXxRtAG0+Db6d6t2x9KKn/Csm0Lgaz+q/xesvhu0OPfi30/1+/pOTSKMf/",
  "FWgAAPB3J5dCANoF+L6Tdp55E0wdvrbZSq/YeZj1T9E1tIf+46M8GH7mWHr82WzRtbpSWUDJGWrIzzsv10zjp1HBV6GS",
  "Z6IWj0C38paPGsd45fODUq3niw5vQQCACJRQqJIk2/ER4NZlq8+OnBQAM1SHCarAFNVghiKYUHIPpjY5zA5aAJx+CYzL",
  "BNztfdwzz436azQppdolYfGklb/Ph0P/8bN00f+IehF1Qf7SRc20hQdhxdxhjZCKwbBgZd6QJzA2VzZkYoGxuUYjJBZY",
  "qd+GPnFT4u7MPosXoV9IlYqohP7znyFtz48BwDjwcWdMQD/HHK5+XCg/fyaYvV8OeHGD2ZclZVS/HrXQf32Uc+O6fBDh",
  "r89DpzbtuJSpuR2Ppk0t+j7OOKXnGdK4GHvgYwwA4g72KVBMkbulR4w8adRfYyiqVkdduIlyPqwCG9MEvJEBwBj+uSmq",
  "2Ft+Ay9rHFZB6ab/Vh7Vq9pxC3+80lU1ValQOkxpqlKr6i4VT0UAEPrfn1JgigJMUApTrfoNjjYeeMG3DXj+1d70FV6e",
  "qDM1nbP+lXAD5Vyaa/gzA4BF/0+Lve+O7r3SdWhZB+wAIOXuuk0cv4BrudTK3Rz6H0wNTC2mTGUt4w1M67/DXm+5a/10",
  "4bXo37pilQyvawBATUrEB9+8Og==",
];

/** An empty file system: 16 MB, most of them zeros. */
export function emptyBtrfs(): Buffer {
  return brotliDecompressSync(Buffer.from(compressed.join(""), "base64"));
}
